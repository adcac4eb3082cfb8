"""The rows that six stores hold about the accounts of one story, and how drift's cells are written into them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recon.engine.facts import Reading, StoreName
from recon.engine.schema import TABLES as SCHEMA

Row = dict[str, Any]
Tables = dict[StoreName, dict[str, list[Row]]]

TABLES: Mapping[StoreName, tuple[str, ...]] = {
    StoreName.SUBS_ACCOUNT: ("accounts",),
    StoreName.SUBS_CUSTOMER: ("customers", "customer_aliases"),
    StoreName.SUBS_DUNNING: ("dunning", "balances", "intents"),
    StoreName.BILLING_PROD: ("invoices", "payments", "adjustments", "contracts", "account_flags"),
    StoreName.CF_PROD: ("entitlements", "blocks"),
    StoreName.STRIPE: ("customers", "subscriptions", "invoices", "payment_intents", "charges", "disputes"),
}


@dataclass(frozen=True, slots=True)
class Episode:
    """One story, played once: the accounts it is about (one, seldom two) and everything the stores hold of them."""

    story: str
    account_ids: tuple[str, ...]
    tables: Tables

    def readings(self, as_of: datetime) -> list[Reading]:
        """What the six stores would answer about these accounts at `as_of`."""
        return [Reading(store=store, as_of=as_of, tables=tables) for store, tables in self.tables.items()]


def empty_tables() -> Tables:
    """Every table of every store, without rows."""
    return {store: {name: [] for name in names} for store, names in TABLES.items()}


def write_cells(tables: Tables, cells: Iterable[Any], at: datetime) -> None:
    """Make the DERIVED rows say what the engine's cells call the truth, as its job at `at` would have done."""
    for cell in cells:
        rows = tables[StoreName(cell.store)][cell.table]
        key = dict(cell.key)
        if cell.column.startswith("metadata."):
            _write_metadata(rows, key["id"], cell.column.removeprefix("metadata."), cell.truth)
        elif cell.table == "blocks":
            _write_block(rows, key, cell.truth, at)
        else:
            row = row_of(rows, key, at)
            for column in SCHEMA[StoreName(cell.store)][cell.table].columns:
                row.setdefault(column.name, column.default)
            row[cell.column] = cell.truth


def row_of(rows: list[Row], key: Mapping[str, str], at: datetime) -> Row:
    """The row with this primary key, added where it is missing."""
    for row in rows:
        if all(row.get(column) == value for column, value in key.items()):
            return row
    row = {**key, "row_version": 0, "updated_at": at}
    rows.append(row)
    return row


def _write_metadata(customers: list[Row], customer_id: str, name: str, value: str | None) -> None:
    for customer in customers:
        if customer["id"] == customer_id:
            customer["metadata"][name] = value


def _write_block(rows: list[Row], key: Mapping[str, str], level: str | None, at: datetime) -> None:
    if level is None:
        rows[:] = [row for row in rows if any(row[column] != value for column, value in key.items())]
        return
    row = row_of(rows, key, at)
    row.setdefault("since", at)
    row.setdefault("set_by", "recon")
    row["level"] = level
