"""What each store began to say of one account, row by row, and what its rows say happened, by their own clocks.

Between two snapshots of a store the differences are what it began to say. Its very first snapshot is no news: what its
rows tell stands at the time at which it happened.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db import connection

from recon.engine.facts import StoreName
from recon.engine.schema import TABLES
from recon.models import SNAPSHOTS
from recon.queries.happenings import Entry, Kind
from recon.queries.occurrences import Occurrence, occurrences, scheduled

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
(select '{store}' as store, read_at, tables, id = (
    select id from {table} where account_id = %(account)s order by read_at, id limit 1) as is_first
 from (
    select id, read_at, to_jsonb(said) - '{{id,account_id,read_at,last_read_at,content_hash}}'::text[] as tables
    from {table} as said where id in (
        (select id from {table} where account_id = %(account)s and read_at <= %(until)s
         order by read_at desc, id desc limit %(most)s)
        union all
        (select id from {table} where account_id = %(account)s order by read_at, id limit 1))
 ) as {store}_said)
"""


@dataclass(frozen=True, slots=True)
class _Said:
    """One snapshot of one store."""

    store: StoreName
    read_at: datetime
    tables: Tables
    is_first: bool


@dataclass(frozen=True, slots=True)
class Sayings:
    """Entries, newest first; below `whole_from` some store may have said more that was not read."""

    entries: tuple[Entry, ...]
    whole_from: datetime | None


def sayings(account_id: str, latest: Mapping[str, Tables], *, until: datetime, now: datetime) -> Sayings:
    """All stores' news at or before `until`, in one query. `latest` are the tables that each store says now: what was
    scheduled in them comes without another word of the store."""
    entries = list(_came(latest))
    reached: list[datetime] = []
    for said in _by_store(account_id, until).values():
        entries.extend(_history(said[0]))
        if len(said) > MOST_SNAPSHOTS + 1:  # between the first and the next there are others
            said = said[1:]
            reached.append(said[0].read_at)
        for before, after in pairwise(said):
            entries.extend(_news(before, after))
    shown = (entry for entry in entries if entry.at <= min(until, now))
    return Sayings(tuple(sorted(shown, key=lambda one: one.order, reverse=True)), max(reached, default=None))


def _by_store(account_id: str, until: datetime) -> dict[StoreName, list[_Said]]:
    """Each store's snapshots, oldest first: the first one ever, and the latest by `until`."""
    selects = [_SELECT.format(store=store, table=model._meta.db_table) for store, model in SNAPSHOTS.items()]
    given: dict[str, Any] = {"account": account_id, "until": until, "most": MOST_SNAPSHOTS + 1}
    found: dict[StoreName, list[_Said]] = {}
    with connection.cursor() as cursor:
        cursor.execute("\nunion all\n".join(selects), given)
        for store, read_at, tables, is_first in cursor:
            found.setdefault(StoreName(store), []).append(
                _Said(StoreName(store), read_at, json.loads(tables), is_first)
            )
    return {store: sorted(said, key=lambda one: (not one.is_first, one.read_at)) for store, said in found.items()}


def _history(said: _Said) -> Iterator[Entry]:
    """What the first snapshot tells of the time before it."""
    for table, rows in said.tables.items():
        for key, row in _keyed(said.store, table, rows).items():
            for happened in occurrences(f"{said.store}.{table}", row):
                yield _occurred(said.store, table, key, row, happened, happened.at, None)


def _news(before: _Said, after: _Said) -> Iterator[Entry]:
    for table, rows in after.tables.items():
        old = _keyed(before.store, table, before.tables.get(table, ()))
        new = _keyed(after.store, table, rows)
        for key in [*new, *(old.keys() - new.keys())]:
            if old.get(key) != new.get(key):
                yield from _news_of_row(after, table, key, old.get(key), new.get(key))


def _news_of_row(said: _Said, table: str, key: str, old: Row | None, new: Row | None) -> Iterator[Entry]:
    """What a row says happened since; where it says nothing of that, which of its values differ."""
    place = f"{said.store}.{table}"
    known = set(occurrences(place, old)) if old is not None else set()
    happened = [one for one in occurrences(place, new) if one not in known] if new is not None else []
    for one in happened:
        yield _occurred(said.store, table, key, new or {}, one, said.read_at, said.read_at)
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


def _came(latest: Mapping[str, Tables]) -> Iterator[Entry]:
    """What was scheduled in the rows that hold now."""
    for store, tables in latest.items():
        for table, rows in tables.items():
            for key, row in _keyed(StoreName(store), table, rows).items():
                for came in scheduled(f"{store}.{table}", row):
                    yield _occurred(StoreName(store), table, key, row, came, came.at, None)


def _occurred(
    store: StoreName, table: str, key: str, row: Row, happened: Occurrence, at: datetime, seen_at: datetime | None
) -> Entry:
    told = {name: row.get(name) for name in ("currency", "kind", "status", "level", "reason") if row.get(name)}
    told |= {"table": table, "key": key, "amount": _amount(row)}
    return Entry(
        at=at,
        kind=Kind.STORES,
        source=store,
        what=happened.what,
        subject=f"{table}[{key}]",
        told=told,
        happened_at=happened.at,
        seen_at=seen_at,
    )


def _amount(row: Row) -> int | None:
    """The row's own amount in minor units of its currency."""
    for name in ("amount_minor", "total_minor", "amount_due", "total", "amount"):
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _keyed(store: StoreName, table: str, rows: Iterable[Any]) -> dict[str, Row]:
    """Rows by their key as the evidence names them; what is no row is left out."""
    columns = ("id",) if store is StoreName.STRIPE else TABLES[store][table].key
    return {",".join(str(row.get(column)) for column in columns): row for row in rows or () if isinstance(row, Mapping)}


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
