"""One repair as a program sees it: what was approved, how far it is, and what the stores hold since."""

from collections.abc import Mapping
from typing import Any

from inspector.display.read_back import held_now, is_same
from recon.engine.values import rfc3339
from recon.queries.account import AccountView, account_view
from recon.queries.repairs import Repair


def repair_json(repair: Repair) -> dict[str, Any]:
    """`state` is live, applied, refused, failed or needs_person; `code` says why it was refused."""
    view = account_view(repair.account_id) if repair.state == "done" else None
    return {
        "repair_id": str(repair.id),
        "account_id": repair.account_id,
        "state": state_of(repair),
        "code": repair.code,
        "detail": repair.explanation or repair.waiting_for,
        "digest": repair.digest,
        "risk": repair.risk,
        "approved_by": repair.approved_by,
        "reason": repair.reason,
        "approved_at": rfc3339(repair.created_at),
        "closed_at": None if repair.closed_at is None else rfc3339(repair.closed_at),
        "writes": [_write(repair, write, view) for write in repair.writes],
        "steps": [{"name": str(step.name), "state": str(step.state)} for step in repair.steps],
        "audit_seqs": list(repair.audit_seqs),
        "request_id": repair.request_id,
    }


def state_of(repair: Repair) -> str:
    if repair.is_live:
        return "live"
    if repair.state == "done":
        return "applied"
    if repair.state == "exception":
        return "needs_person"
    return "refused" if repair.refused or repair.state == "expired" else "failed"


def _write(repair: Repair, write: Mapping[str, Any], view: AccountView | None) -> dict[str, Any]:
    """`read_back` is what its store held when the account was read after the repair; null while it was not."""
    return {**write, "read_back": _read_back(repair, write, view)}


def _read_back(repair: Repair, write: Mapping[str, Any], view: AccountView | None) -> dict[str, Any] | None:
    if view is None or repair.closed_at is None or view.evaluated_at < repair.closed_at:
        return None
    store = view.stores[write["store"]]
    if not store.ok or store.as_of is None:
        return None
    held = held_now(write, store)
    return {"value": held, "agrees": is_same(held, write["truth"]), "at": rfc3339(store.as_of)}
