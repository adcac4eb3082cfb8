"""Keep what the stores said: a row where a store said something new, a later `last_read_at` where it did not.

Runs inside the caller's transaction, one query for the latest hashes and one COPY per store, whatever the number of
accounts. A failed read keeps nothing; a reading older than the latest row keeps nothing either.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.db import connection

from recon.engine.facts import Reading, StoreName
from recon.models import SNAPSHOTS, StoreSnapshot

LATEST = """
select distinct on (account_id) account_id, id, content_hash, read_at
from {table} where account_id = any(%s)
order by account_id, read_at desc, id desc
"""
SEEN_AGAIN = """
update {table} set last_read_at = greatest(last_read_at, seen.at)
from unnest(%s::bigint[], %s::timestamptz[]) as seen (id, at) where {table}.id = seen.id
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What one store said about one account, as it is stored: JSON text per table, and the hash over all of them."""

    account_id: str
    at: datetime
    tables: Mapping[str, str]
    content_hash: str


@dataclass(frozen=True, slots=True)
class Latest:
    id: int
    content_hash: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """Which readings were `new` to us, and which are the `last` word of their store: new, or said again. A reading that
    failed, or that is older than what is kept, is neither."""

    new: frozenset[tuple[StoreName, str]]
    last: frozenset[tuple[StoreName, str]]


def keep_snapshots(readings: Iterable[tuple[str, Reading]]) -> Kept:
    """(account, what one store said of it), of any stores and accounts."""
    by_store: dict[StoreName, list[Said]] = {}
    for account_id, reading in readings:
        if reading.ok and reading.as_of is not None:
            by_store.setdefault(reading.store, []).append(said(account_id, reading, reading.as_of))
    new: set[tuple[StoreName, str]] = set()
    last: set[tuple[StoreName, str]] = set()
    for store, rows in by_store.items():
        added, again = _keep(SNAPSHOTS[store], rows)
        new.update((store, row.account_id) for row in added)
        last.update((store, row.account_id) for row in (*added, *again))
    return Kept(frozenset(new), frozenset(last))


def said(account_id: str, reading: Reading, at: datetime) -> Said:
    tables = {name: sorted(storable_json(row) for row in rows) for name, rows in reading.tables.items()}
    whole = "\n".join(f"{name}[{','.join(rows)}]" for name, rows in sorted(tables.items()) if rows)
    return Said(
        account_id=account_id,
        at=at,
        tables={name: f"[{','.join(rows)}]" for name, rows in tables.items()},
        content_hash=sha256(whole.encode()).hexdigest(),
    )


def storable_json(value: object) -> str:
    """The value as canonical JSON that PostgreSQL's jsonb takes, whatever an outside store put into it."""
    text = canonical_json(value)
    is_plain = "\\u0000" not in text and "NaN" not in text and "Infinity" not in text and text.isprintable()
    return text if is_plain else canonical_json(storable(value))


def storable(value: Any) -> Any:
    """The same value without what jsonb refuses: NUL characters, lone surrogates, and numbers that are none."""
    match value:
        case str():
            return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
        case float() if value != value or value in (float("inf"), float("-inf")):
            return str(value)
        case Mapping():
            return {storable(str(key)): storable(item) for key, item in value.items()}
        case list() | tuple():
            return [storable(item) for item in value]
    return value


def canonical_json(value: object) -> str:
    """The same text for equal values; times as a case writes them."""
    return _CANONICAL.encode(value)


def _value(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_value, ensure_ascii=False)


def _keep(model: type[StoreSnapshot], rows: list[Said]) -> tuple[list[Said], list[Said]]:
    """What was new, and what was said again."""
    latest = _latest(model._meta.db_table, [row.account_id for row in rows])
    new, again = [], []
    for row in rows:
        known = latest.get(row.account_id)
        if known is None or (known.content_hash != row.content_hash and known.read_at <= row.at):
            new.append(row)
        elif known.content_hash == row.content_hash:
            again.append(row)
    _add(model, new)
    _see_again(model._meta.db_table, [(latest[row.account_id].id, row.at) for row in again])
    return new, again


def _latest(table: str, account_ids: list[str]) -> dict[str, Latest]:
    with connection.cursor() as cursor:
        cursor.execute(LATEST.format(table=table), [account_ids])
        return {account_id: Latest(id, content_hash, at) for account_id, id, content_hash, at in cursor.fetchall()}


def _add(model: type[StoreSnapshot], rows: list[Said]) -> None:
    if not rows:
        return
    names = model.tables()
    columns = ", ".join(["account_id", "read_at", "last_read_at", "content_hash", *names])
    with connection.cursor() as cursor, cursor.copy(f"copy {model._meta.db_table} ({columns}) from stdin") as copy:
        for row in rows:
            tables = (row.tables.get(name, "[]") for name in names)
            copy.write_row((row.account_id, row.at, row.at, row.content_hash, *tables))


def _see_again(table: str, rows: list[tuple[int, datetime]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(SEEN_AGAIN.format(table=table), [[id for id, _ in rows], [at for _, at in rows]])
