"""What a cell of the truth matrix says about its store: by a sign, a colour and a word."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from inspector.display.rows import Line, Place, Stored
from recon.queries.account import AccountView, StoreView

FRESH = timedelta(minutes=15)


class Sign(StrEnum):
    """One kind of cell; the value is its CSS class."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    STALE = "stale"
    ABSENT = "absent"
    UNREAD = "unread"
    UNJUDGED = "unjudged"
    NOT_KEPT = "not-kept"


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign as it is drawn (`glyph`) and as it is said (`text`)."""

    sign: Sign
    glyph: str
    text: str


MARKS = {
    Sign.AGREES: Mark(Sign.AGREES, "✓", "agrees"),
    Sign.CONTRADICTS: Mark(Sign.CONTRADICTS, "≠", "contradicts"),
    Sign.STALE: Mark(Sign.STALE, "~", "stale"),
    Sign.ABSENT: Mark(Sign.ABSENT, "∅", "absent, default counts"),
    Sign.UNREAD: Mark(Sign.UNREAD, "!", "not read"),
    Sign.UNJUDGED: Mark(Sign.UNJUDGED, "?", "nothing to compare with"),
    Sign.NOT_KEPT: Mark(Sign.NOT_KEPT, "·", "not kept here"),
}
_WORST_FIRST = (Sign.CONTRADICTS, Sign.UNREAD, Sign.UNJUDGED, Sign.STALE, Sign.ABSENT, Sign.AGREES)


def mark_of(view: AccountView, line: Line, place: Place, stored: list[Stored]) -> Mark:
    """The worst that any of the stored values says."""
    store = view.stores[place.store]
    if store.as_of is None:
        return MARKS[Sign.UNREAD]
    drifted = _drifted_keys(view, place, line.currency)
    signs = (_sign(view, line, store, value, drifted) for value in stored)
    return MARKS[min(signs, key=_WORST_FIRST.index)]


def is_unjudged(view: AccountView, line: Line) -> bool:
    """No truth to hold a cell against: the verdict is unknown, or no rule could tell the plan (T12)."""
    return view.truth is None or (line.field in ("plan_code", "effective_plan") and view.truth.get(line.field) is None)


def _sign(view: AccountView, line: Line, store: StoreView, value: Stored, drifted: frozenset[str]) -> Sign:
    if value.key in drifted:
        return Sign.CONTRADICTS
    if not store.ok:
        return Sign.STALE
    if is_unjudged(view, line):
        return Sign.UNJUDGED
    if store.as_of is not None and view.evaluated_at - store.as_of > FRESH:
        return Sign.STALE
    return Sign.AGREES if value.exists else Sign.ABSENT


def _drifted_keys(view: AccountView, place: Place, currency: str | None) -> frozenset[str]:
    """The keys, as `stored_values` makes them, of this place's cells that are in the drift."""
    cells = (
        cell
        for cell in view.cells
        if (cell["store"], cell["table"], cell["column"]) == (place.store, place.table, place.column)
    )
    keys = (cell["key"] for cell in cells if currency is None or cell["key"].get("currency") == currency)
    return frozenset(key["id"] if place.store == "stripe" else "" for key in keys)
