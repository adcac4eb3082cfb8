"""The truth matrix: rows are what is to be true, columns the truth and the six stores; a cell says if it agrees."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from inspector.display.moments import age_words, clock_words, moment_words
from inspector.display.money import amount_words
from inspector.display.rows import Line, Place, Stored, groups, stored_values
from inspector.display.words import STATES, STORES, value_words
from recon.queries.account import AccountView, StoreView

FRESH = timedelta(minutes=15)
LONG = 16
_TIMES = frozenset({"oldest_due_at"})


class Sign(StrEnum):
    """What a cell says about its store; the value is the CSS class."""

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


@dataclass(frozen=True, slots=True)
class Value:
    """A value in words; a long one, as an id, may break at any letter so that no column grows with it."""

    text: str

    @property
    def is_long(self) -> bool:
        return len(self.text) > LONG and " " not in self.text


@dataclass(frozen=True, slots=True)
class Cell:
    """One store's word on one row: `values` as words (several only for several Stripe customers), `title` where it
    stands and by which rule it is judged."""

    name: str
    mark: Mark
    values: tuple[Value, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is to be true, with its rule and sentence."""

    label: str
    truth: Value
    rule: str
    because: str
    evidence: str
    differs: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that answer one question."""

    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One store's heading: when it was read, or why it was not."""

    store: str
    name: str
    read: str
    clock: str
    ok: bool
    note: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole table; `hidden` counts the rows left out when only differences are shown."""

    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    legend: tuple[Mark, ...]
    differing: str
    hidden: int
    can_narrow: bool


def matrix(view: AccountView, now: datetime, *, only_differences: bool) -> Matrix:
    """The matrix of one account; `now` words the ages alone."""
    sections = tuple(Section(group.label, tuple(_row(view, line) for line in group.lines)) for group in groups(view))
    rows = [row for section in sections for row in section.rows]
    differing = sum(row.differs for row in rows)
    if only_differences:
        sections = tuple(
            Section(section.label, kept)
            for section in sections
            if (kept := tuple(row for row in section.rows if row.differs))
        )
    return Matrix(
        columns=tuple(_column(name, view.stores[name], now) for name in STORES),
        sections=sections,
        legend=_legend(rows),
        differing=_differing_words(differing, view),
        hidden=len(rows) - sum(len(section.rows) for section in sections),
        can_narrow=0 < differing < len(rows),
    )


def _legend(rows: list[Row]) -> tuple[Mark, ...]:
    """The signs that stand in the table, in one order."""
    used = {cell.mark.sign for row in rows for cell in row.cells}
    return tuple(mark for sign, mark in MARKS.items() if sign in used)


def _column(name: str, store: StoreView, now: datetime) -> Column:
    read = f"read {age_words(store.as_of, now)}" if store.ok else "not read"
    return Column(name, STORES[name], read, clock_words(store.as_of, now), store.ok, store.reason or "")


def _row(view: AccountView, line: Line) -> Row:
    reason = view.because.get(line.field.split(".")[0], {})
    cells = tuple(_cell(view, line, store, reason.get("rule", "")) for store in STORES)
    return Row(
        label=line.label,
        truth=Value(_truth_words(view, line)),
        rule=reason.get("rule", ""),
        because=reason.get("text", ""),
        evidence=", ".join(reason.get("evidence", ())),
        differs=any(cell.mark.sign in (Sign.CONTRADICTS, Sign.UNREAD) for cell in cells),
        cells=cells,
    )


def _differing_words(differing: int, view: AccountView) -> str:
    if view.truth is None:
        return "No truth to compare with"
    return f"{differing} {'row differs' if differing == 1 else 'rows differ'}" if differing else "No row differs"


def _truth_words(view: AccountView, line: Line) -> str:
    if view.truth is None:
        return "unknown"
    if line.currency:
        balance = view.truth["balances"].get(line.currency, {})
        return amount_words(balance.get(line.field.split(".")[1], 0), line.currency)
    if _is_unjudged(view, line):
        return "unknown"
    return _words(line, view.truth.get(line.field))


def _words(line: Line, value: object) -> str:
    if line.currency and isinstance(value, int):
        return amount_words(value, line.currency)
    if line.field in _TIMES and isinstance(value, str | datetime):
        return moment_words(value)
    if line.field in ("state", "raw_state") and value in STATES:
        return STATES[str(value)].text
    if line.field == "payment_status" and isinstance(value, str):
        return value.replace("_", " ").capitalize()
    return value_words(value)


def _is_unjudged(view: AccountView, line: Line) -> bool:
    """No truth to hold a cell against: the verdict is unknown, or no rule could tell the plan (T12)."""
    return view.truth is None or (line.field in ("plan_code", "effective_plan") and view.truth.get(line.field) is None)


def _cell(view: AccountView, line: Line, store: str, rule: str) -> Cell:
    place = next((place for place in line.places if place.store == store), None)
    if place is None:
        return Cell(STORES[store], MARKS[Sign.NOT_KEPT], (), "")
    said = view.stores[store]
    where = f"{store}.{place.table}.{place.column}"
    if not said.ok:
        return Cell(STORES[store], MARKS[Sign.UNREAD], (), f"{where}: {said.reason or 'not read'}")
    stored = stored_values(view, place, line.currency)
    drifted = _drifted_keys(view, place, line.currency)
    signs = [_sign(view, line, said, value, drifted) for value in stored]
    words = tuple(map(Value, dict.fromkeys(_words(line, value.value) for value in stored)))
    worst = min(signs, key=_WORST_FIRST.index)
    return Cell(STORES[store], MARKS[worst], words, f"{where}, judged by {rule}" if rule else where)


def _sign(view: AccountView, line: Line, said: StoreView, value: Stored, drifted: frozenset[str]) -> Sign:
    if value.key in drifted:
        return Sign.CONTRADICTS
    if _is_unjudged(view, line):
        return Sign.UNJUDGED
    if said.as_of is not None and view.evaluated_at - said.as_of > FRESH:
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
