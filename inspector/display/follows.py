"""What follows from a plan: what changes for the customer, which events tell others, and that no mail is sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from inspector.display.words import value_words
from inspector.display.writes import cell_words
from recon.actions.foresee import ForeseenEvent
from recon.queries.account import AccountView, Json

_ACCESS = {
    ("entitlements", "plan_active"): "Plan is on",
    ("entitlements", "effective_plan"): "Plan in effect",
    ("entitlements", "restricted"): "Restricted",
    ("entitlements", "suspended"): "Suspended",
    ("blocks", "level"): "Block for debt",
}
_MAIL = "The engine sends no mail. Who listens to these events may."


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One thing that changes for the customer."""

    what: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event that others will hear of, and what it is about."""

    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Follows:
    """All that follows from an apply; empty of events when there is nothing to apply."""

    access: str
    changes: tuple[AccessChange, ...]
    events: tuple[EventLine, ...]
    mail: str


def follows(view: AccountView, events: Sequence[ForeseenEvent]) -> Follows:
    """What an apply of the account's plan brings about; `events` are those that it would emit."""
    return _follows(_access(view, bool(_of_access(view.writes))), view.writes, events)


def follows_from(writes: Sequence[Json], events: Sequence[ForeseenEvent]) -> Follows:
    """The same of writes that make no truth: what they change, and nothing of how the customer stands afterwards."""
    access = "Changes for the customer:" if _of_access(writes) else "Access stays as it is."
    return _follows(access, writes, events)


def _follows(access: str, writes: Sequence[Json], events: Sequence[ForeseenEvent]) -> Follows:
    changed = _of_access(writes)
    return Follows(
        access=access,
        changes=tuple(
            AccessChange(what, cell_words(changed[place], changed[place]["stored"]), _new(changed[place]))
            for place, what in _ACCESS.items()
            if place in changed
        ),
        events=tuple(EventLine(event.kind, ", ".join(event.cells)) for event in events),
        mail=_MAIL if events else "",
    )


def _of_access(writes: Sequence[Json]) -> dict[tuple[str, str], Json]:
    return {(write["table"], write["column"]): write for write in writes if write["store"] == "cf_prod"}


def _new(write: Json) -> str:
    return cell_words(write, write["truth"])


def _access(view: AccountView, is_changed: bool) -> str:
    """What the customer can do afterwards, in one sentence."""
    truth = view.truth
    if truth is None or not view.writes:
        return ""
    kept = "" if is_changed else "Access stays as it is: "
    plan = f"plan {value_words(truth['effective_plan'])}" if truth["plan_active"] else "no paid plan"
    limits = "suspended" if truth["suspended"] else "restricted" if truth["restricted"] else "not restricted"
    return f"{kept or 'Afterwards the customer has '}{plan}, {limits}."
