"""What the stores said about an account at any past moment, as far as we had read it by then."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from recon.engine.facts import StoreName
from recon.models import SNAPSHOTS, StoreSnapshot

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class StoreSaid:
    """One store's rows, table by table. It is known to have said so from `read_at` to `last_read_at`."""

    store: StoreName
    read_at: datetime
    last_read_at: datetime
    tables: Mapping[str, Rows]


def _latest_of(store: StoreName, model: type[StoreSnapshot]) -> str:
    tables = ", ".join(f"'{name}', {name}" for name in model.tables())
    return (
        f"(select '{store}', read_at, last_read_at, json_build_object({tables})::text from {model._meta.db_table}"
        " where account_id = %(account)s and read_at <= %(moment)s order by read_at desc, id desc limit 1)"
    )


_LATEST: Final = " union all ".join(_latest_of(store, model) for store, model in SNAPSHOTS.items())
"""Each store's latest snapshot, one row a store: six look-ups in one round trip."""


def as_of(account_id: str, moment: datetime) -> dict[StoreName, StoreSaid]:
    """What each store had last said by that moment; a store that had said nothing yet is left out."""
    return _said_by(account_id, moment)


def latest(account_id: str) -> dict[StoreName, StoreSaid]:
    """What each store said last."""
    return _said_by(account_id, "infinity")


def history(account_id: str, store: StoreName, *, limit: int = 100) -> list[StoreSaid]:
    """Everything that one store said, newest first."""
    rows = SNAPSHOTS[store]._default_manager.filter(account_id=account_id).order_by("-read_at", "-id")
    return [_said(store, row) for row in rows[:limit]]


def _said_by(account_id: str, moment: datetime | str) -> dict[StoreName, StoreSaid]:
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, {"account": account_id, "moment": moment})
        found = cursor.fetchall()
    return {
        StoreName(store): StoreSaid(StoreName(store), read_at, last_read_at, json.loads(tables))
        for store, read_at, last_read_at, tables in found
    }


def _said(store: StoreName, row: StoreSnapshot) -> StoreSaid:
    tables = {name: getattr(row, name) for name in row.tables()}
    return StoreSaid(store=store, read_at=row.read_at, last_read_at=row.last_read_at, tables=tables)
