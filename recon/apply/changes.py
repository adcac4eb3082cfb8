"""A plan's cells as what is done: a row each for the databases, a call each for Stripe, an event each for others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from recon.apply.tell import Event
from recon.engine.facts import StoreName
from recon.engine.plan import Proposal, Write
from recon.models import CallClass, EventKind
from recon.stores.base import RowWrite

METADATA: Final = "metadata."
BLOCKS: Final = "blocks"
SET_BY: Final = "recon"
STATE: Final = frozenset({("dunning", "state")})
ENTITLEMENT: Final = frozenset(
    ("entitlements", column) for column in ("plan_active", "effective_plan", "restricted", "suspended")
)
FLAGS: Final = frozenset(
    {
        ("dunning", "has_debt"),
        ("dunning", "is_bad_debt"),
        ("account_flags", "has_debt"),
        ("account_flags", "in_bad_debt"),
        ("accounts", "payment_status"),
        ("customers", "delinquent"),
        ("customers", "has_no_successful_payment"),
        ("customers", "has_payment_method"),
        ("blocks", "level"),
    }
)
EVENTS: Final[Mapping[EventKind, frozenset[tuple[str, str]]]] = {
    EventKind.STATE_CHANGED: STATE,
    EventKind.ENTITLEMENT_CHANGED: ENTITLEMENT,
    EventKind.FLAG_CHANGED: FLAGS,
}


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call to Stripe, before it has a key."""

    call_class: CallClass
    verb: str
    object_id: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """What one apply does: rows by database, in the stores' order, and calls, the irreversible one first."""

    rows: Mapping[StoreName, Sequence[RowWrite]]
    calls: Sequence[PlannedCall] = field(default_factory=tuple)


def changes_of(writes: Sequence[Write], proposal: Proposal | None, now: datetime) -> Changes:
    """All cells of one row become one write; all cells of one Stripe customer one call."""
    rows: dict[StoreName, list[RowWrite]] = {}
    calls: list[PlannedCall] = []
    if proposal is not None:
        calls.append(PlannedCall(CallClass.PIVOT, proposal.verb, proposal.object, proposal.params))
    for cells in _by_row(writes):
        if cells[0].store is StoreName.STRIPE:
            calls.append(_metadata_call(cells))
        else:
            rows.setdefault(cells[0].store, []).append(_row(cells, now))
    return Changes(rows={store: rows[store] for store in StoreName if store in rows}, calls=tuple(calls))


def _by_row(writes: Iterable[Write]) -> list[list[Write]]:
    rows: dict[tuple[Any, ...], list[Write]] = {}
    for write in writes:
        rows.setdefault((write.store, write.table, write.key), []).append(write)
    return list(rows.values())


def _row(cells: Sequence[Write], now: datetime) -> RowWrite:
    first = cells[0]
    deletes = first.table == BLOCKS and first.truth is None
    after = [] if deletes else [(cell.column, cell.truth) for cell in cells]
    if first.table == BLOCKS and first.row_version is None:
        after += [("since", now), ("set_by", SET_BY)]
    return RowWrite(
        table=first.table,
        key=tuple(first.key),
        before=tuple((cell.column, cell.stored) for cell in cells),
        after=tuple(after),
        row_version=first.row_version,
        delete=deletes,
    )


def _metadata_call(cells: Sequence[Write]) -> PlannedCall:
    metadata = {cell.column.removeprefix(METADATA): cell.truth for cell in cells}
    return PlannedCall(CallClass.RETRIABLE, "customers.update", dict(cells[0].key)["id"], {"metadata": metadata})


def cells_of(writes: Sequence[Write]) -> list[dict[str, Any]]:
    """The plan's writes as JSON: for the journal, the audit and whoever shows them."""
    return [
        {
            "store": write.store.value,
            "table": write.table,
            "key": dict(write.key),
            "column": write.column,
            "stored": _json(write.stored),
            "truth": _json(write.truth),
            "rule": write.rule,
        }
        for write in writes
    ]


def row_to_json(row: RowWrite) -> dict[str, Any]:
    """The row as the journal keeps it: enough to read it back, not to write it again."""
    return {
        "table": row.table,
        "key": dict(row.key),
        "after": {name: _json(value) for name, value in row.after},
        "row_version": row.row_version,
        "delete": row.delete,
    }


def row_from_json(kept: Mapping[str, Any]) -> RowWrite:
    return RowWrite(
        table=kept["table"],
        key=tuple(kept["key"].items()),
        before=(),
        after=tuple(kept["after"].items()),
        row_version=kept["row_version"],
        delete=kept["delete"],
    )


def is_read_back(row: RowWrite, stored: Mapping[str, Any] | None) -> bool:
    """Does the store hold what was committed, or something newer?"""
    if stored is None or row.delete:
        return row.delete
    ours = 0 if row.row_version is None else row.row_version + 1
    if stored["row_version"] != ours:
        return bool(stored["row_version"] > ours)
    return all(_json(stored[name]) == _json(value) for name, value in row.after)


def events_of(account_id: str, cells: Sequence[Mapping[str, Any]], cause: str) -> list[Event]:
    """The changes of this plan that others listen for; the product's readers want one event per thing that changed."""
    events = []
    for kind, columns in EVENTS.items():
        changed = [cell for cell in cells if (cell["table"], cell["column"]) in columns and cell["store"] != "stripe"]
        if changed:
            before = {f"{cell['store']}.{cell['table']}.{cell['column']}": cell["stored"] for cell in changed}
            after = {f"{cell['store']}.{cell['table']}.{cell['column']}": cell["truth"] for cell in changed}
            events.append(Event(kind, account_id, before, after, cause))
    return events


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.value if isinstance(value, StrEnum) else value
