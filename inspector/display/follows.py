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
    writes = {(write["table"], write["column"]): write for write in view.writes if write["store"] == "cf_prod"}
    lines = [EventLine(event.kind, ", ".join(event.cells)) for event in events]
    return Follows(
        access=_access(view, writes),
        changes=tuple(
            AccessChange(what, cell_words(writes[place], writes[place]["stored"]), _new(writes[place]))
            for place, what in _ACCESS.items()
            if place in writes
        ),
        events=tuple(lines),
        mail=_MAIL if lines else "",
    )


def _new(write: Json) -> str:
    return cell_words(write, write["truth"])


def _access(view: AccountView, writes: dict[tuple[str, str], Json]) -> str:
    """What the customer can do afterwards, in one sentence."""
    truth = view.truth
    if truth is None or not view.writes:
        return ""
    kept = "" if writes else "Access stays as it is: "
    plan = f"plan {value_words(truth['effective_plan'])}" if truth["plan_active"] else "no paid plan"
    limits = "suspended" if truth["suspended"] else "restricted" if truth["restricted"] else "not restricted"
    return f"{kept or 'Afterwards the customer has '}{plan}, {limits}."
