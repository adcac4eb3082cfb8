"""Approve plans, and claim them: the first durable steps of an apply, one statement each, before anything is sent.

An approval may be stored and claimed later, by whoever comes first; or both are one act, and the apply begins as
PREPARING. The switch that pauses all applies is read by the same statement, and the one-live index makes the approval
the account's lock.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection, transaction

from recon.apply.changes import Changes, row_to_json
from recon.apply.journal import LEASE, Held, expire, gid_prefix
from recon.apply.order import BUSY, EXPIRED, PAUSED, Refusal, undone
from recon.apply.record import Entry, record
from recon.models import Apply, ApplyState, BranchState, CallState, Switch
from recon.traces import traceparent

APPROVAL_HOLDS: Final = timedelta(minutes=15)
IS_PAUSED: Final = "SELECT FROM switch WHERE name = %(paused)s AND is_on"
NEW: Final = f"""
    INSERT INTO apply (
        id, account_id, digest, risk, writes, proposal, undoes_id, approved_by, reason, request_id, request_key,
        overrides_pause, created_at, expires_at, state, epoch, lease_until, explanation, waiting_for, refused,
        takeovers, traceparent
    )
    SELECT
        id, account_id, digest, risk, writes, proposal, undoes, actor, reason, request_id, request_key,
        overrides_pause, %(now)s, %(expires_at)s, %(state)s, %(epoch)s, %(lease_until)s, '', '', false, 0,
        %(traceparent)s
    FROM jsonb_to_recordset(%(approvals)s) AS approval (
        id uuid, account_id text, digest text, risk text, writes jsonb, proposal text, undoes uuid, actor text,
        reason text, request_id text, request_key text, overrides_pause boolean
    )
    WHERE overrides_pause OR NOT EXISTS ({IS_PAUSED})
    ORDER BY account_id
    ON CONFLICT DO NOTHING
    RETURNING id
"""
STORED: Final = f"""
    UPDATE apply
    SET state = %(state)s, epoch = %(epoch)s, lease_until = %(lease_until)s, risk = approval.risk,
        writes = approval.writes
    FROM jsonb_to_recordset(%(approvals)s) AS approval (
        id uuid, digest text, risk text, writes jsonb, proposal text, overrides_pause boolean
    )
    WHERE apply.id = approval.id AND state = %(approved)s AND apply.digest = approval.digest
      AND apply.proposal = approval.proposal AND expires_at > %(now)s
      AND (approval.overrides_pause OR NOT EXISTS ({IS_PAUSED}))
    RETURNING apply.id
"""
APPROVE: Final = f"WITH approved AS ({NEW}) SELECT id FROM approved"
CLAIM: Final = """
WITH claimed AS ({approval}), branches AS (
    INSERT INTO apply_branch (apply_id, store, gid, rows, state)
    SELECT claimed.id, store, gid, rows, %(planned_branch)s
    FROM claimed
    JOIN jsonb_to_recordset(%(branches)s) AS planned (apply_id uuid, store text, gid text, rows jsonb)
        ON apply_id = claimed.id
), calls AS (
    INSERT INTO apply_call (
        apply_id, position, call_class, verb, object_id, params, idempotency_key, state, attempts, code
    )
    SELECT claimed.id, position, call_class, verb, object_id, params, key, %(planned_call)s, 0, ''
    FROM claimed
    JOIN jsonb_to_recordset(%(calls)s) AS planned (
        apply_id uuid, position int, call_class text, verb text, object_id text, params jsonb, key text
    ) ON apply_id = claimed.id
)
SELECT id FROM claimed
"""


class ClaimRefused(Exception):
    """The approval was not stored: the account is busy, or all applies are paused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved which plan of which account, and why."""

    account_id: str
    digest: str
    risk: str | None
    actor: str
    reason: str
    request_id: str
    proposal: str
    cells: Sequence[Mapping[str, Any]]
    overrides_pause: bool = False
    request_key: str = ""
    undoes: UUID | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """An approval that is taken up, and what it does."""

    approval: Approval
    changes: Changes


def approve(approval: Approval, *, request_key: str, now: datetime) -> UUID:
    """The stored approval, with its audit entry; nothing is sent anywhere. The same `request_key` is the same approval.

    Raises ClaimRefused when the account has a live apply already, or all applies are paused.
    """
    known = approved_by_request(request_key)
    if known is not None:
        return known
    expire(now=now, account_id=approval.account_id)
    apply_id = uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        kept = _row(apply_id, replace(approval, request_key=request_key))
        cursor.execute(APPROVE, _approved([kept], now))
        if cursor.fetchall():
            record(_entry(apply_id, approval))
            return apply_id
    known = approved_by_request(request_key)
    if known is None:
        raise ClaimRefused(_why_not_new(approval))
    return known


def begin_all(claims: Sequence[Claim], *, instance: str, now: datetime) -> list[Held | Refusal]:
    """Applies that are approved by being begun, with their branches and their calls, in one commit.

    Refused is each by itself: its account has a live apply already, or all applies are paused.
    """
    begun = [Held(id=uuid4(), account_id=one.approval.account_id, epoch=1, instance=instance) for one in claims]
    claimed = _claim(NEW, list(zip(begun, claims, strict=True)), now)
    return [held if held.id in claimed else _why_not_new(one.approval) for held, one in zip(begun, claims, strict=True)]


def begin_stored(claim: Claim, approved: UUID, *, instance: str, now: datetime) -> Held | Refusal:
    """The same of an approval that was stored. BUSY: somebody else has claimed it; or it came too late."""
    held = Held(id=approved, account_id=claim.approval.account_id, epoch=1, instance=instance)
    return held if _claim(STORED, [(held, claim)], now) else _why_not_stored(approved, now)


def _claim(approval: str, wanted: Sequence[tuple[Held, Claim]], now: datetime) -> set[UUID]:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        kept = _approved([_row(held.id, one.approval) for held, one in wanted], now)
        cursor.execute(CLAIM.format(approval=approval), kept | _claimed(wanted, now))
        return {id for (id,) in cursor.fetchall()}


def _why_not_new(approval: Approval) -> Refusal:
    is_paused = Switch.objects.filter(name=Switch.APPLIES_PAUSED, is_on=True).exists()
    return PAUSED if is_paused and not approval.overrides_pause else BUSY


def _why_not_stored(approved: UUID, now: datetime) -> Refusal:
    apply = Apply.objects.get(id=approved)
    if apply.state != ApplyState.APPROVED:
        return BUSY
    return EXPIRED if apply.expires_at <= now else PAUSED


def approved_by_request(request_key: str) -> UUID | None:
    """The approval that came by the same form or call before."""
    return Apply.objects.filter(request_key=request_key).values_list("id", flat=True).first() if request_key else None


def _row(apply_id: UUID, approval: Approval) -> dict[str, Any]:
    """What an approval adds to its row."""
    return {
        "id": str(apply_id),
        "account_id": approval.account_id,
        "digest": approval.digest,
        "risk": approval.risk,
        "writes": list(approval.cells),
        "proposal": approval.proposal,
        "undoes": str(approval.undoes) if approval.undoes else None,
        "actor": approval.actor,
        "reason": approval.reason,
        "request_id": approval.request_id,
        "request_key": approval.request_key,
        "overrides_pause": approval.overrides_pause,
    }


def _approved(rows: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """Rows that nobody has claimed."""
    return {
        "approvals": json.dumps(rows),
        "now": now,
        "expires_at": now + APPROVAL_HOLDS,
        "state": ApplyState.APPROVED.value,
        "epoch": 0,
        "lease_until": None,
        "traceparent": traceparent(),
        "paused": Switch.APPLIES_PAUSED,
    }


def _claimed(wanted: Sequence[tuple[Held, Claim]], now: datetime) -> dict[str, Any]:
    """What the claim changes of them and adds to them."""
    return {
        "approved": ApplyState.APPROVED.value,
        "state": ApplyState.PREPARING.value,
        "epoch": 1,
        "lease_until": now + LEASE,
        "branches": json.dumps([row for held, one in wanted for row in _branches(held, one.changes)]),
        "calls": json.dumps([row for held, one in wanted for row in _calls(held, one.changes)]),
        "planned_branch": BranchState.PLANNED.value,
        "planned_call": CallState.PLANNED.value,
    }


def _entry(apply_id: UUID, approval: Approval) -> Entry:
    return Entry(
        actor=approval.actor,
        action="repair.approved",
        reason=approval.reason,
        account=approval.account_id,
        after={
            "digest": approval.digest,
            "risk": approval.risk,
            "writes": len(approval.cells),
            "proposal": approval.proposal,
            "overrides_pause": approval.overrides_pause,
            **undone(approval.undoes),
        },
        request_id=approval.request_id,
        apply_id=apply_id,
    )


def _branches(held: Held, changes: Changes) -> list[dict[str, Any]]:
    return [
        {
            "apply_id": str(held.id),
            "store": store.value,
            "gid": held.gid(store),
            "rows": [row_to_json(row) for row in rows],
        }
        for store, rows in changes.rows.items()
    ]


def _calls(held: Held, changes: Changes) -> list[dict[str, Any]]:
    return [
        {
            "apply_id": str(held.id),
            "position": position,
            "call_class": call.call_class.value,
            "verb": call.verb,
            "object_id": call.object_id,
            "params": dict(call.params),
            "key": f"{gid_prefix(held.instance)}{held.id.hex}.{position}",
        }
        for position, call in enumerate(changes.calls)
    ]
