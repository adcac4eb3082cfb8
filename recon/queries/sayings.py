"""What each store began to say of one account, row by row, and what its rows say happened, by their own clocks.

Between two snapshots of a store the differences are what it began to say. Its very first snapshot is no news: what its
rows tell stands at the time at which it happened.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import Any, NamedTuple

from django.db import connection

from recon.engine.facts import StoreName
from recon.engine.schema import TABLES
from recon.models import SNAPSHOTS, StoreSnapshot
from recon.queries.happenings import Entry, Kind
from recon.queries.occurrences import happened_in, occurrences, scheduled_in, scheduled_tables, telling_tables

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

MOST_SNAPSHOTS = 10
"""Of each store, for one page of the timeline."""
_UNTOLD = frozenset({"row_version", "updated_at"})
_TOLD_OF_STRIPE: Mapping[str, tuple[str, ...]] = {
    "customers": ("deleted", "metadata.debt_state", "metadata.account_id", "default_source"),
    "subscriptions": ("status", "pause_collection.behavior", "cancel_at_period_end", "cancel_at"),
    "invoices": ("status", "amount_remaining", "amount_paid", "due_date", "paid_out_of_band"),
    "payment_intents": ("status", "amount_received"),
    "charges": ("status", "captured", "amount_refunded", "disputed"),
    "disputes": ("status", "amount"),
    "invoice_payments": ("status", "amount_paid"),
    "credit_notes": ("status", "amount"),
}
"""Of Stripe's objects only these: the rest is too much to read, and no rule asks for it."""

_SELECT = """
(select '{store}' as store, read_at, is_first,
    case when is_first and not is_last then json_build_object({whole})::text end as tables,
    json_build_object({news})::text as news
 from (
    select read_at, {tables}, {earlier}, id = (
        select id from {table} where account_id = %(account)s order by read_at, id limit 1) as is_first, id = (
        select id from {table} where account_id = %(account)s order by read_at desc, id desc limit 1) as is_last
    from {table} where id in (
        (select id from {table} where account_id = %(account)s and read_at <= %(until)s
         order by read_at desc, id desc limit %(most)s)
        union all
        (select id from {table} where account_id = %(account)s order by read_at, id limit 1))
    window before as (order by read_at, id)
 ) as {store}_said
 order by read_at)
"""
_NEWS = """case when {name} <> was_{name} then json_build_array(
    (select json_agg(row) from (
        select jsonb_array_elements({name}) as row except select jsonb_array_elements(was_{name})) as came),
    (select json_agg(row) from (
        select jsonb_array_elements(was_{name}) as row except select jsonb_array_elements({name})) as went)) end"""


def _select(store: StoreName, model: type[StoreSnapshot]) -> str:
    """Rows that came and went are told apart by the database: an account's other rows need not travel."""
    names = model.tables()
    return _SELECT.format(
        store=store,
        table=model._meta.db_table,
        tables=", ".join(names),
        whole=", ".join(f"'{name}', {name}" for name in names),
        earlier=", ".join(f"lag({name}) over before as was_{name}" for name in names),
        news=", ".join(f"'{name}', {_NEWS.format(name=name)}" for name in names),
    )


_ALL_STORES = "\nunion all\n".join(_select(store, model) for store, model in SNAPSHOTS.items())

News = Mapping[str, tuple[Sequence[Row] | None, Sequence[Row] | None] | None]
"""Table → (rows that it says now and did not before, rows that it said before and does not now)."""


@dataclass(frozen=True, slots=True)
class _Said:
    """One snapshot of one store: what differs from the one read before it; the very first one also whole, where the
    store has said something else since."""

    store: StoreName
    read_at: datetime
    is_first: bool
    tables: Tables | None
    news: News


@dataclass(frozen=True, slots=True)
class Sayings:
    """Entries in no order; below `whole_from` some store may have said more that was not read."""

    entries: tuple[Entry, ...]
    whole_from: datetime | None


class _Told(NamedTuple):
    """Something that a row tells of, before it is an entry: thousands are made, and the newest become entries."""

    store: StoreName
    table: str
    row: Row
    what: str
    at: datetime


def sayings(account_id: str, latest: Mapping[str, Tables], *, until: datetime, now: datetime, most: int) -> Sayings:
    """All stores' news at or before `until`, in one query; of what rows tell of the time before, at least the newest
    `most`. `latest` are the tables that each store says now: what was scheduled in them comes without another word of
    the store."""
    told = list(_came(latest))
    entries: list[Entry] = []
    reached: list[datetime] = []
    for said in _by_store(account_id, until).values():
        told.extend(_history(said[0].store, said[0].tables or latest.get(said[0].store, {})))
        if len(said) > MOST_SNAPSHOTS + 1:  # between the first and the next there are others
            said = said[1:]
            reached.append(said[0].read_at)
        for one in said[1:]:
            entries.extend(_news(one))
    entries.extend(_occurred(one, one.at, None) for one in _newest(told, until=min(until, now), most=most))
    return Sayings(tuple(entries), max(reached, default=None))


def _newest(told: Iterable[_Told], *, until: datetime, most: int) -> list[_Told]:
    """The newest that happened by `until`, and all of the moment at which they end."""
    by_then = [one for one in told if one.at <= until]
    if len(by_then) <= most:
        return by_then
    end = nlargest(most, (one.at for one in by_then))[-1]
    return [one for one in by_then if one.at >= end]


def _by_store(account_id: str, until: datetime) -> dict[StoreName, list[_Said]]:
    """Each store's snapshots, oldest first: the first one ever, and the latest by `until`."""
    given: dict[str, Any] = {"account": account_id, "until": until, "most": MOST_SNAPSHOTS + 1}
    found: dict[StoreName, list[_Said]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_ALL_STORES, given)
        for store, read_at, is_first, tables, news in cursor:
            said = _Said(StoreName(store), read_at, is_first, json.loads(tables) if tables else None, json.loads(news))
            found.setdefault(said.store, []).append(said)
    return {store: sorted(said, key=lambda one: (not one.is_first, one.read_at)) for store, said in found.items()}


def _history(store: StoreName, tables: Tables) -> Iterator[_Told]:
    """What the first snapshot tells of the time before it."""
    for table in filter(telling_tables(store).__contains__, tables):
        for happened in happened_in(f"{store}.{table}", _rows(tables[table])):
            yield _Told(store, table, *happened)


def _news(said: _Said) -> Iterator[Entry]:
    for table, differing in said.news.items():
        came, went = differing or ((), ())
        old, new = _keyed(said.store, table, went), _keyed(said.store, table, came)
        for key in [*new, *(old.keys() - new.keys())]:
            yield from _news_of_row(said, table, key, old.get(key), new.get(key))


def _news_of_row(said: _Said, table: str, key: str, old: Row | None, new: Row | None) -> Iterator[Entry]:
    """What a row says happened since; where it says nothing of that, which of its values differ."""
    place = f"{said.store}.{table}"
    known = set(occurrences(place, old)) if old is not None else set()
    happened = [one for one in occurrences(place, new) if one not in known] if new is not None else []
    for one in happened:
        yield _occurred(_Told(said.store, table, new or {}, *one), said.read_at, said.read_at)
    changes = _changes(said.store, table, old or {}, new or {})
    if happened or not (changes or old is None or new is None):
        return
    what = "row_added" if old is None else "row_removed" if new is None else "row_changed"
    yield Entry(
        at=said.read_at,
        kind=Kind.STORES,
        source=said.store,
        what=what,
        subject=f"{table}[{key}]",
        told={"table": table, "key": key, "changes": changes, "currency": (new or old or {}).get("currency")},
        seen_at=said.read_at,
    )


def _came(latest: Mapping[str, Tables]) -> Iterator[_Told]:
    """What was scheduled in the rows that hold now."""
    for name, tables in latest.items():
        store = StoreName(name)
        for table in filter(scheduled_tables(store).__contains__, tables):
            for came in scheduled_in(f"{store}.{table}", _rows(tables[table])):
                yield _Told(store, table, *came)


def _occurred(one: _Told, at: datetime, seen_at: datetime | None) -> Entry:
    row, key = one.row, _key(_key_columns(one.store, one.table), one.row)
    told = {name: row.get(name) for name in ("currency", "kind", "status", "level", "reason") if row.get(name)}
    told |= {"table": one.table, "key": key, "amount": _amount(row)}
    return Entry(
        at=at,
        kind=Kind.STORES,
        source=one.store,
        what=one.what,
        subject=f"{one.table}[{key}]",
        told=told,
        happened_at=one.at,
        seen_at=seen_at,
    )


def _amount(row: Row) -> int | None:
    """The row's own amount in minor units of its currency."""
    for name in ("amount_minor", "total_minor", "amount_due", "total", "amount"):
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _rows(rows: Iterable[Any] | None) -> list[Row]:
    """What is no row is left out."""
    return [row for row in rows or () if isinstance(row, dict)]


def _keyed(store: StoreName, table: str, rows: Iterable[Any] | None) -> dict[str, Row]:
    """Rows by their key as the evidence names them."""
    columns = _key_columns(store, table)
    return {_key(columns, row): row for row in _rows(rows)}


def _key_columns(store: StoreName, table: str) -> Sequence[str]:
    return ("id",) if store is StoreName.STRIPE else TABLES[store][table].key


def _key(columns: Sequence[str], row: Row) -> str:
    return ",".join(str(row.get(column)) for column in columns)


def _changes(store: StoreName, table: str, old: Row, new: Row) -> list[list[Any]]:
    """[column, old value, new value] of each value that differs."""
    if store is StoreName.STRIPE:
        told: Iterable[str] = _TOLD_OF_STRIPE.get(table, ())
    else:
        told = [name for name in {**old, **new} if name not in _UNTOLD]
    pairs = ((name, _at(old, name), _at(new, name)) for name in told)
    return [[name, before, after] for name, before, after in pairs if before != after]


def _at(row: Row, path: str) -> Any:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
