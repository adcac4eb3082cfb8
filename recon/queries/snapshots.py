"""What the stores said about an account at any past moment, as far as we had read it by then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


def as_of(account_id: str, moment: datetime) -> dict[StoreName, StoreSaid]:
    """What each store had last said by that moment; a store that had said nothing yet is left out."""
    found = {store: _latest(model, account_id, moment) for store, model in SNAPSHOTS.items()}
    return {store: _said(store, row) for store, row in found.items() if row is not None}


def latest(account_id: str) -> dict[StoreName, StoreSaid]:
    """What each store said last."""
    found = {store: _latest(model, account_id, None) for store, model in SNAPSHOTS.items()}
    return {store: _said(store, row) for store, row in found.items() if row is not None}


def history(account_id: str, store: StoreName, *, limit: int = 100) -> list[StoreSaid]:
    """Everything that one store said, newest first."""
    rows = SNAPSHOTS[store]._default_manager.filter(account_id=account_id).order_by("-read_at", "-id")
    return [_said(store, row) for row in rows[:limit]]


def _latest(model: type[StoreSnapshot], account_id: str, moment: datetime | None) -> StoreSnapshot | None:
    rows = model._default_manager.filter(account_id=account_id)
    if moment is not None:
        rows = rows.filter(read_at__lte=moment)
    return rows.order_by("-read_at", "-id").first()


def _said(store: StoreName, row: StoreSnapshot) -> StoreSaid:
    tables = {name: getattr(row, name) for name in row.tables()}
    return StoreSaid(store=store, read_at=row.read_at, last_read_at=row.last_read_at, tables=tables)
