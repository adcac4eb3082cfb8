"""The inverse of a repair, as a plan of its own: what puts back each cell that still holds what the repair wrote.

A cell that holds something else, or whose row somebody has written since, is left as it is: it is theirs now. Like a
plan, it names only cells that the engine owns, and a severe one is withheld while the identity is in doubt (T16).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from recon.engine.drift import Cell
from recon.engine.enums import BlockReason, DebtState, StoreName
from recon.engine.facts import Facts, Stored
from recon.engine.plan import Plan, Risk, Write, risk_of, seal, sealed_write
from recon.engine.rules.identity import Identity
from recon.engine.schema import TABLES, ColumnType, Kind
from recon.engine.values import time

BLOCKS: Final = "blocks"
LEVEL: Final = "level"
DEBT_STATE: Final = "metadata.debt_state"
ACCOUNT_ID: Final = "metadata.account_id"
DERIVED: Final[Mapping[tuple[StoreName, str, str], Stored]] = {
    (store, table.name, column.name): column.default
    for store, tables in TABLES.items()
    for table in tables.values()
    for column in table.columns
    if column.kind is Kind.DERIVED
}
"""Every cell of a database that the engine owns, and what a missing row means; of the blocks see `_held`."""
TIMES: Final = frozenset(
    (store, table.name, column.name)
    for store, tables in TABLES.items()
    for table in tables.values()
    for column in table.columns
    if column.holds is ColumnType.TIME
)


class LeftBecause(StrEnum):
    """Why a cell is not put back."""

    CHANGED = "changed"  # it holds something else now
    REPAIRED = "repaired"  # a later repair wrote it
    TOUCHED = "touched"  # it holds the same, and somebody wrote its row since: it may be theirs
    NOT_OURS = "not_ours"  # it is not this account's any more, or not only


@dataclass(frozen=True, slots=True)
class Written:
    """A cell as a repair left it: `cell.stored` before, `cell.truth` what it wrote, `cell.row_version` the one that its
    row has while nobody but us writes it. `is_overwritten`: a later repair wrote the cell."""

    cell: Cell
    is_overwritten: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A cell of the repair that stays as it is; `held` is its value now, None where it is not ours."""

    cell: Cell
    held: Stored
    because: LeftBecause


@dataclass(frozen=True, slots=True)
class Inverse:
    """`is_withheld`: it would be severe, and whose account it is stands in doubt."""

    plan: Plan
    left_out: tuple[LeftOut, ...]
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class _Held:
    value: Stored
    row_version: int | None


def inverse_of(apply_id: str, written: Iterable[Written], facts: Facts, identity: Identity) -> Inverse:
    """`written` are the cells of the repair `apply_id`; `facts` what the stores hold now."""
    writes: list[Write] = []
    left_out: list[LeftOut] = []
    for one in written:
        held = _held(one.cell, facts, identity)
        because = _because(one, held)
        if held is None or because is not None:
            left_out.append(LeftOut(one.cell, held.value if held else None, because or LeftBecause.NOT_OURS))
        else:
            cell = one.cell
            writes.append(replace(cell, stored=cell.truth, truth=cell.stored, row_version=held.row_version))
    risk = risk_of(tuple(writes))
    is_withheld = risk is Risk.SEVERE and bool(identity.findings)
    return Inverse(_plan(apply_id, facts.account_id, () if is_withheld else writes, risk), tuple(left_out), is_withheld)


def empty_inverse(apply_id: str, account_id: str) -> Inverse:
    """Nothing is put back."""
    return Inverse(_plan(apply_id, account_id, (), None), ())


def cell_of(kept: Mapping[str, Any], row_version: int | None) -> Cell:
    """A cell as a repair's record keeps it (JSON: store, table, key, column, stored, truth, rule)."""
    store, table, column = StoreName(kept["store"]), kept["table"], kept["column"]
    stored, truth = kept["stored"], kept["truth"]
    if (store, table, column) in TIMES:
        stored, truth = (None if value is None else time(value, column) for value in (stored, truth))
    return Cell(store, table, tuple(kept["key"].items()), column, stored, truth, kept["rule"], row_version)


def _plan(apply_id: str, account_id: str, writes: Sequence[Write], risk: Risk | None) -> Plan:
    """Its seal is never a plan's, which has other names in it, nor that of another repair's inverse."""
    digest = seal({"undo_of": apply_id, "account_id": account_id, "writes": [sealed_write(one) for one in writes]})
    return Plan(digest, risk, tuple(writes), ())


def _because(one: Written, held: _Held | None) -> LeftBecause | None:
    if held is None:
        return LeftBecause.NOT_OURS
    if one.is_overwritten:
        return LeftBecause.REPAIRED
    if held.value != one.cell.truth:
        return LeftBecause.CHANGED
    return LeftBecause.TOUCHED if held.row_version != one.cell.row_version else None


def _held(cell: Cell, facts: Facts, identity: Identity) -> _Held | None:
    """What the cell holds now; None where it is not a cell that the engine owns for this account alone."""
    key = dict(cell.key)
    if cell.store is StoreName.STRIPE:
        return _held_by_stripe(cell, key, identity)
    if key.get("account_id") != facts.account_id:
        return None
    if cell.table == BLOCKS:
        if cell.column != LEVEL or key.get("reason") != BlockReason.BILLING_DEBT:
            return None
        block = facts.billing_block
        return _Held(None, None) if block is None else _Held(block.level, block.row_version)
    place = (cell.store, cell.table, cell.column)
    if place not in DERIVED:
        return None
    row = _row(cell.table, key, facts)
    return _Held(DERIVED[place], None) if row is None else _Held(getattr(row, cell.column), row.row_version)


def _held_by_stripe(cell: Cell, key: Mapping[str, str], identity: Identity) -> _Held | None:
    customer = identity.live.get(key["id"])
    if customer is None or customer.id not in identity.writable:
        return None
    held = {DEBT_STATE: customer.debt_state or DebtState.CLEAR, ACCOUNT_ID: customer.account_id}
    if cell.column not in held:
        return None
    value = held[cell.column]
    return _Held(None if value is None else str(value), None)


def _row(table: str, key: Mapping[str, str], facts: Facts) -> Any:
    """The account's row, whose fields are named as the schema's columns; None where there is none."""
    match table:
        case "balances":
            return next((row for row in facts.balances if row.currency == key.get("currency")), None)
        case "customers":
            return next((row for row in facts.customers if row.account_id == facts.account_id), None)
    return {
        "dunning": facts.dunning,
        "entitlements": facts.entitlement,
        "account_flags": facts.flags,
        "accounts": facts.account,
    }[table]
