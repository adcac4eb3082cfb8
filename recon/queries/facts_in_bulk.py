"""What the stores last said of many accounts, as facts: one look-up a store for all of them together."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.db import connection

from recon.engine.case import CaseError, facts_from_readings
from recon.engine.facts import Facts, Reading, StoreName
from recon.engine.schema import TABLES, Kind
from recon.models import SNAPSHOTS, StoreSnapshot

log = logging.getLogger(__name__)

Tables = Mapping[str, Sequence[Any]]
UNREAD: Final = frozenset({"credit_notes"})  # of Stripe's lists the one that no rule reads
LATEST: Final = """
select asked.id, {columns}
from unnest(%s::text[]) as asked (id)
cross join lateral (
    select {columns} from {table} where account_id = asked.id order by read_at desc, id desc limit 1
) as said
"""


def facts_of(account_ids: Sequence[str], *, livemode: bool) -> Iterator[tuple[str, Facts | None]]:
    """Each account's FACTs and INTENTs, in the order in which they were asked for; None where a row is malformed.

    DERIVED tables are left empty: no truth depends on what is stored. Nor is it said when the stores were read.
    """
    said = {store: _latest(model, _read_tables(store, model), account_ids) for store, model in SNAPSHOTS.items()}
    for account_id in account_ids:
        readings = [_reading(store, rows.get(account_id)) for store, rows in said.items()]
        yield account_id, _facts(account_id, readings, livemode)


def _facts(account_id: str, readings: Sequence[Reading], livemode: bool) -> Facts | None:
    try:
        return facts_from_readings(account_id, readings, livemode=livemode)
    except CaseError:
        log.warning("a snapshot cannot be read", extra={"account_id": account_id})
        return None


def _read_tables(store: StoreName, model: type[StoreSnapshot]) -> list[str]:
    """Those of its tables that a truth can depend on."""
    if store is StoreName.STRIPE:
        return [name for name in model.tables() if name not in UNREAD]
    return [name for name in model.tables() if _has_facts(store, name)]


def _has_facts(store: StoreName, table: str) -> bool:
    found = TABLES[store][table]
    told = (column for column in found.columns if column.name not in {*found.key, "row_version"})
    return any(column.kind is not Kind.DERIVED for column in told)


def _latest(model: type[StoreSnapshot], tables: Sequence[str], account_ids: Sequence[str]) -> dict[str, Tables]:
    left_out = {name: () for name in model.tables() if name not in tables}
    with connection.cursor() as cursor:
        query = LATEST.format(columns=", ".join(tables), table=model._meta.db_table)
        cursor.execute(query, [list(account_ids)])
        return {
            account_id: {**left_out, **{name: _rows(text) for name, text in zip(tables, texts, strict=True)}}
            for account_id, *texts in cursor.fetchall()
        }


def _rows(text: str) -> Sequence[Any]:
    """Most tables of most accounts are empty."""
    rows: Sequence[Any] = () if text == "[]" else json.loads(text)
    return rows


def _reading(store: StoreName, tables: Tables | None) -> Reading:
    if tables is None:
        return Reading(store, None, {}, ok=False, reason="the store has said nothing of it yet")
    return Reading(store, None, tables)
