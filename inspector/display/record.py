"""What stands behind one cell of the matrix: the row as its store has it, its times, the rule and the evidence."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inspector.display.moments import age_words, clock_words, moment_words
from inspector.display.places import Places, Ref, stripe_ref
from inspector.display.rows import Place
from inspector.display.signs import Mark
from inspector.display.words import STORES, value_words
from recon.engine.enums import StoreName
from recon.engine.schema import TABLES
from recon.queries.account import AccountView, Json, StoreView


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a row; `is_cell` marks the one that was opened."""

    name: str
    value: Ref
    is_cell: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One opened cell: `rows` as the store has them (none: the default counts, and `none` says so)."""

    where: str
    mark: Mark
    sentence: str
    read: str
    since: str
    rule: str
    because: str
    evidence: tuple[Ref, ...]
    rows: tuple[tuple[Field, ...], ...]
    none: str
    close_href: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What the matrix knows of the opened cell: where it is, its sign, its value and the truth in words."""

    place: Place
    mark: Mark
    says: str
    truth: str
    reason: Json
    rows: Sequence[Json]


def record(view: AccountView, cell: Opened, places: Places, close_href: str, now: datetime) -> Record:
    """The record of one cell; `now` words the ages alone."""
    place, store = cell.place, view.stores[cell.place.store]
    return Record(
        where=f"{place.store}.{place.table}.{place.column}",
        mark=cell.mark,
        sentence=f"{STORES[place.store]} says {cell.says or 'nothing'}; the truth is {cell.truth}.",
        read=_read(store, now),
        since=f"What it says of this account has stood since {moment_words(store.since)}." if store.since else "",
        rule=cell.reason.get("rule", ""),
        because=cell.reason.get("text", ""),
        evidence=places.refs(cell.reason.get("evidence", ())),
        rows=tuple(_fields(place, row) for row in cell.rows),
        none=f"{place.table} has no row of this account: the default counts." if store.as_of else "",
        close_href=close_href,
    )


def _read(store: StoreView, now: datetime) -> str:
    if store.as_of is None:
        return f"Never read: {store.reason}"
    at = f"{clock_words(store.as_of, now)}, {age_words(store.as_of, now)}"
    return f"Read {at}." if store.ok else f"Not read: {store.reason} It last said this at {at}."


def _fields(place: Place, row: Json) -> tuple[Field, ...]:
    opened = place.column.partition(".")[0]
    return tuple(Field(name, _value(row[name]), name == opened) for name in _columns(place, row))


def _columns(place: Place, row: Json) -> list[str]:
    """In the schema's order; Stripe's with its id first, since JSON keeps no order."""
    table = TABLES.get(StoreName(place.store), {}).get(place.table)
    first = [column.name for column in table.columns] if table else ["id"]
    return [name for name in first if name in row] + sorted(name for name in row if name not in first)


def _value(value: object) -> Ref:
    if isinstance(value, str):
        return stripe_ref(value) if value else Ref(value_words(value))
    if isinstance(value, dict | list):
        return Ref(json.dumps(value, ensure_ascii=False, sort_keys=True))
    return Ref(value_words(value))
