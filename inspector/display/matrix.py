"""The truth matrix: rows are what is to be true, columns the truth and the six stores; a cell says if it agrees."""

from dataclasses import dataclass
from datetime import datetime

from inspector.display.address import Address
from inspector.display.moments import age_words, clock_words, moment_words
from inspector.display.money import amount_words
from inspector.display.places import Places
from inspector.display.record import Opened, Record, record
from inspector.display.rows import Line, Place, groups, rows_at, stored_values
from inspector.display.signs import MARKS, Mark, Sign, is_unjudged, mark_of
from inspector.display.words import STATES, STORES, value_words
from recon.queries.account import AccountView, Json, StoreView

LONG = 16
_TIMES = frozenset({"oldest_due_at"})


@dataclass(frozen=True, slots=True)
class Cell:
    """One store's word on one row: `text` its value (several only for several Stripe customers), `title` where it
    stands and by which rule it is judged, `href` opens its record. `is_long` may break at any letter."""

    name: str
    mark: Mark
    text: str = ""
    is_long: bool = False
    title: str = ""
    href: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is to be true, with its rule and sentence; `record` is that of its opened cell."""

    label: str
    truth: str
    is_long: bool
    rule: str
    because: str
    differs: bool
    cells: tuple[Cell, ...]
    record: Record | None


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
    """The whole table; `hidden` counts the rows left out when only differences are shown, and `switch_href` leads to
    the other way of showing it."""

    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    legend: tuple[Mark, ...]
    differing: str
    hidden: int
    switch: str
    switch_href: str


def matrix(view: AccountView, places: Places, address: Address, now: datetime) -> Matrix:
    """The matrix of one account as its address wants it; `now` words the ages alone."""
    build = _Builder(view, places, address, now)
    sections = tuple(Section(group.label, tuple(map(build.row, group.lines))) for group in groups(view))
    rows = [row for section in sections for row in section.rows]
    differing = sum(row.differs for row in rows)
    if address.only_differences:
        kept = ((section.label, tuple(row for row in section.rows if row.differs)) for section in sections)
        sections = tuple(Section(label, differ) for label, differ in kept if differ)
    can_narrow = 0 < differing < len(rows) or address.only_differences
    return Matrix(
        columns=tuple(_column(name, view.stores[name], now) for name in STORES),
        sections=sections,
        legend=_legend(rows),
        differing=_differing_words(differing, view),
        hidden=len(rows) - sum(len(section.rows) for section in sections),
        switch="Show all rows" if address.only_differences else "Show differences only",
        switch_href=address.href(only=not address.only_differences) if can_narrow else "",
    )


def _legend(rows: list[Row]) -> tuple[Mark, ...]:
    """The signs that stand in the table, in one order."""
    used = {cell.mark.sign for row in rows for cell in row.cells}
    return tuple(mark for sign, mark in MARKS.items() if sign in used)


def _column(name: str, store: StoreView, now: datetime) -> Column:
    if store.ok:
        read = f"read {age_words(store.as_of, now)}"
    else:
        read = f"not read, as of {age_words(store.as_of, now)}" if store.as_of else "not read"
    return Column(name, STORES[name], read, clock_words(store.as_of, now), store.ok, store.reason)


def _differing_words(differing: int, view: AccountView) -> str:
    if view.truth is None:
        return "No truth to compare with"
    return f"{differing} {'row differs' if differing == 1 else 'rows differ'}" if differing else "No row differs"


@dataclass(frozen=True, slots=True)
class _Builder:
    """Makes the rows of one account."""

    view: AccountView
    places: Places
    address: Address
    now: datetime

    def row(self, line: Line) -> Row:
        reason: Json = self.view.because.get(line.field.split(".")[0], {})
        truth = _truth_words(self.view, line)
        at_store = {place.store: place for place in line.places}
        cells = tuple(
            self._cell(line, at_store[store], reason) if store in at_store else _NOT_KEPT[store] for store in STORES
        )
        opened = next((cell for cell in cells if cell.is_open), None)
        return Row(
            label=line.label,
            truth=truth,
            is_long=_is_long(truth),
            rule=reason.get("rule", ""),
            because=reason.get("text", ""),
            differs=any(cell.mark.sign in (Sign.CONTRADICTS, Sign.UNREAD) for cell in cells),
            cells=cells,
            record=self._record(line, opened, truth, reason) if opened else None,
        )

    def _cell(self, line: Line, place: Place, reason: Json) -> Cell:
        store = self.view.stores[place.store]
        where = f"{place.store}.{place.table}.{place.column}"
        name = f"{where}.{line.currency}" if line.currency else where
        stored = stored_values(self.view, place, line.currency)
        text = ", ".join(dict.fromkeys(_words(line, value.value) for value in stored)) if store.as_of else ""
        judged = f"{where}, judged by {reason['rule']}" if reason else where
        return Cell(
            name=STORES[place.store],
            mark=mark_of(self.view, line, place, stored),
            text=text,
            is_long=_is_long(text),
            title=judged if store.ok else f"{where}: {store.reason}",
            href=self.address.href(cell=name, anchor="cell"),
            is_open=self.address.cell == name,
        )

    def _record(self, line: Line, cell: Cell, truth: str, reason: Json) -> Record:
        place = next(place for place in line.places if STORES[place.store] == cell.name)
        rows = rows_at(self.view, place, line.currency)
        opened = Opened(place, cell.mark, cell.text, truth, reason, rows)
        return record(self.view, opened, self.places, self.address.href(anchor="matrix"), self.now)


_NOT_KEPT = {store: Cell(name, MARKS[Sign.NOT_KEPT]) for store, name in STORES.items()}


def _is_long(text: str) -> bool:
    """An id, which may break at any letter so that no column grows with it."""
    return len(text) > LONG and " " not in text


def _truth_words(view: AccountView, line: Line) -> str:
    if view.truth is None:
        return "unknown"
    if line.currency:
        balance = view.truth["balances"].get(line.currency, {})
        return amount_words(balance.get(line.field.split(".")[1], 0), line.currency)
    if is_unjudged(view, line):
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
