"""What a repair's writes look like now: the values that the stores held when they were read after it."""

from dataclasses import dataclass
from datetime import datetime

from inspector.display.moments import clock_words
from inspector.display.repair import BRANCHES, CALLS
from inspector.display.writes import WriteLine, cell_words, write_line
from recon.queries.account import AccountView, Json, StoreView
from recon.queries.repairs import Repair

_DEFAULTS: dict[tuple[str, str], object] = {
    ("dunning", "state"): "clear",
    ("dunning", "raw_state"): "clear",
    ("balances", "collectible_minor"): 0,
    ("balances", "written_off_minor"): 0,
    ("entitlements", "effective_plan"): "free",
    ("blocks", "level"): None,
    ("dunning", "oldest_due_at"): None,
    ("accounts", "plan_code"): "free",
    ("accounts", "payment_status"): "none",
    ("accounts", "primary_subscription_id"): None,
    ("customers", "has_no_successful_payment"): True,
    ("customers", "metadata.debt_state"): "clear",
    ("customers", "metadata.account_id"): None,
}
"""What a missing row or value counts as; every other cell of a plan is a flag, and off."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """One write and what came of it: `code` is the CSS class, `sign` is drawn, `text` said."""

    line: WriteLine
    code: str
    sign: str
    text: str


def write_results(repair: Repair, view: AccountView | None, now: datetime) -> tuple[WriteResult, ...]:
    """Each write beside what its store held when the account was read after the repair; `now` words the times."""
    return tuple(_result(repair, write, view, now) for write in repair.writes)


def _result(repair: Repair, write: Json, view: AccountView | None, now: datetime) -> WriteResult:
    line = write_line(write, repair.account_id, view.because if view else {})
    if repair.is_live:
        return WriteResult(line, "open", *_so_far(repair, write))
    if repair.state in ("aborted", "expired"):
        return WriteResult(line, "unwritten", "–", "not written")
    if view is None or repair.closed_at is None or view.evaluated_at < repair.closed_at:
        return WriteResult(line, "open", "…", "not read back yet")
    store = view.stores[write["store"]]
    if not store.ok:
        return WriteResult(line, "open", "!", f"not read back: {store.reason}")
    held, when = held_now(write, store), clock_words(store.as_of, now)
    if is_same(held, write["truth"]):
        return WriteResult(line, "held", "✓", f"read back {when}")
    return WriteResult(line, "changed", "≠", f"{cell_words(write, held)} when read {when}")


def _so_far(repair: Repair, write: Json) -> tuple[str, str]:
    """How far the write's store, or the call that makes it at Stripe, is."""
    if write["store"] == "stripe":
        states = [one.state for one in repair.calls if one.object_id == write["key"]["id"] and not one.is_proposal]
        return CALLS[states[0]] if states else CALLS["planned"]
    states = [one.state for one in repair.branches if one.store == write["store"]]
    return BRANCHES[states[0]] if states else BRANCHES["planned"]


def held_now(write: Json, store: StoreView) -> object:
    """The value in the store's own row, or what a missing one counts as."""
    column: str = write["column"]
    default = _DEFAULTS.get((write["table"], column), False)
    row = next((row for row in store.rows(write["table"]) if _is_row(row, write["key"])), None)
    if row is None:
        return default
    if column.startswith("metadata."):
        held = (row.get("metadata") or {}).get(column.removeprefix("metadata."))
        return default if held is None else held
    return row.get(column, default)


def _is_row(row: Json, key: Json) -> bool:
    return all(str(row.get(name)) == str(value) for name, value in key.items())


def is_same(held: object, truth: object) -> bool:
    """Equal, or the same moment written in two ways."""
    if held == truth:
        return True
    if not (isinstance(held, str) and isinstance(truth, str)):
        return False
    try:
        return datetime.fromisoformat(held) == datetime.fromisoformat(truth)
    except ValueError:
        return False
