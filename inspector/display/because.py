"""Why an account was evaluated, or waits to be: what had asked for it, in words."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from inspector.display.deeds import actor_words
from inspector.display.words import number_words

NAMED: Final = 3
_OTHERS: Final = {
    "timer": "its clock",
    "apply": "a repair",
    "sweep": "a sweep that could not read all of it",
    "suspect": "a sweep that found it to drift since a moment ago",
    "mirror": "an object at Stripe that changed hands",
    "confirmation": "the second look at a severe plan",
    "policy": "a change of policy",
    "unknown": "a mark without a cause",
}


def because_words(causes: Sequence[Mapping[str, Any]], more: int = 0, *, named: int = NAMED) -> str:
    """`2 events: stripe invoice.paid evt_1, stripe invoice.paid evt_2; its clock`; empty for none.

    Causes are {kind, ref, at}, oldest first; `more` are events that are not listed. A mark that an event made has no
    cause of its own, so one without a cause is said only where nothing else is.
    """
    events = [str(one["ref"]) for one in causes if one["kind"] == "event"]
    others = list(dict.fromkeys(_other(one) for one in causes if one["kind"] not in {"event", "unknown", "person"}))
    others += list(dict.fromkeys(_other(one) for one in causes if one["kind"] == "person"))
    said = [_events(events, more, named)] if events or more else []
    if not said and not others and causes:
        return _OTHERS["unknown"]
    return "; ".join(said + others)


def asked_words(causes: Sequence[Mapping[str, Any]], more: int = 0, *, named: int = NAMED) -> str:
    """`because of 2 events: …; its clock`, or `asked for by ada`; empty for none."""
    said = because_words(causes, more, named=named)
    return said if not said or said.startswith("asked for") else f"because of {said}"


def _events(refs: Sequence[str], more: int, named: int) -> str:
    """The latest by name."""
    total = len(refs) + more
    shown = list(refs[-named:])
    rest = f" and {number_words(total - len(shown))} more" if total > len(shown) else ""
    return f"{number_words(total)} event{'' if total == 1 else 's'}: {', '.join(shown)}{rest}"


def _other(cause: Mapping[str, Any]) -> str:
    kind, ref = cause["kind"], str(cause["ref"])
    if kind == "person":
        return f"asked for by {actor_words(ref)}" if ref else "asked for by a person"
    return _OTHERS.get(kind, str(kind))
