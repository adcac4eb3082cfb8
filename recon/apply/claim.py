"""Approve a plan, and claim it: the first durable steps of an apply, one statement each, before anything is sent.

An approval may be stored and claimed later, by whoever comes first; or both are one act, and the apply begins as
PREPARING. The switch that pauses all applies is read by the same statement, and the one-live index makes the approval
the account's lock.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction

from recon.apply.changes import Changes, row_to_json
from recon.apply.journal import LEASE, Held, Overtaken, expire, gid_prefix
from recon.apply.order import BUSY, EXPIRED, PAUSED, Refusal, undone
from recon.apply.record import Entry, record
from recon.models import Apply, ApplyState, BranchState, CallState, Switch

APPROVAL_HOLDS: Final = timedelta(minutes=15)
IS_PAUSED: Final = "SELECT FROM switch WHERE name = %(paused)s AND is_on AND NOT %(overrides_pause)s"
NEW: Final = f"""
    INSERT INTO apply (
        id, account_id, digest, risk, writes, proposal, undoes_id, approved_by, reason, request_id, request_key,
        overrides_pause, created_at, expires_at, state, epoch, lease_until, explanation, waiting_for, refused, takeovers
    )
    SELECT
        %(id)s, %(account_id)s, %(digest)s, %(risk)s, %(writes)s, %(proposal)s, %(undoes)s, %(actor)s, %(reason)s,
        %(request_id)s, %(request_key)s, %(overrides_pause)s, %(now)s, %(expires_at)s, %(state)s, %(epoch)s,
        %(lease_until)s, '', '', false, 0
    WHERE NOT EXISTS ({IS_PAUSED})
    RETURNING id
"""
STORED: Final = f"""
    UPDATE apply
    SET state = %(state)s, epoch = %(epoch)s, lease_until = %(lease_until)s, risk = %(risk)s, writes = %(writes)s
    WHERE id = %(id)s AND state = %(approved)s AND digest = %(digest)s AND proposal = %(proposal)s
      AND expires_at > %(now)s AND NOT EXISTS ({IS_PAUSED})
    RETURNING id
"""
CLAIM: Final = """
WITH claimed AS ({approval}), branches AS (
    INSERT INTO apply_branch (apply_id, store, gid, rows, state)
    SELECT claimed.id, store, gid, rows, %(planned_branch)s
    FROM claimed, jsonb_to_recordset(%(branches)s) AS planned (store text, gid text, rows jsonb)
), calls AS (
    INSERT INTO apply_call (
        apply_id, position, call_class, verb, object_id, params, idempotency_key, state, attempts, code
    )
    SELECT claimed.id, position, call_class, verb, object_id, params, key, %(planned_call)s, 0, ''
    FROM claimed, jsonb_to_recordset(%(calls)s)
        AS planned (position int, call_class text, verb text, object_id text, params jsonb, key text)
)
SELECT count(*) FROM claimed
"""


class ClaimRefused(Exception):
    """The apply was not begun, and nothing was written: the account is busy, all applies are paused, too late."""

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


def approve(approval: Approval, *, request_key: str, now: datetime) -> UUID:
    """The stored approval, with its audit entry; nothing is sent anywhere. The same `request_key` is the same approval.

    Raises ClaimRefused when the account has a live apply already, or all applies are paused.
    """
    known = approved_by_request(request_key)
    if known is not None:
        return known
    expire(now=now, account_id=approval.account_id)
    apply_id = uuid4()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(NEW, _row(apply_id, approval, now) | {"request_key": request_key})
            if not cursor.fetchall():
                raise ClaimRefused(PAUSED)
            record(_entry(apply_id, approval))
    except IntegrityError as error:
        known = approved_by_request(request_key)
        if known is None:
            raise ClaimRefused(BUSY) from error
        return known
    return apply_id


def begin(approval: Approval, changes: Changes, *, instance: str, now: datetime, approved: UUID | None = None) -> Held:
    """The apply, its branches and its calls, in one commit; `approved` is the stored approval that is claimed by it.

    Raises ClaimRefused when the account has a live apply already, all applies are paused, or the approval came too
    late; Overtaken when somebody else has claimed it.
    """
    held = Held(id=approved or uuid4(), account_id=approval.account_id, epoch=1, instance=instance)
    claim = CLAIM.format(approval=NEW if approved is None else STORED)
    try:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(claim, _row(held.id, approval, now) | _claimed(held, changes, now))
            (claimed,) = cursor.fetchone()
    except IntegrityError as error:
        raise ClaimRefused(BUSY) from error
    if not claimed:
        raise ClaimRefused(PAUSED) if approved is None else _why_not(approved, now)
    return held


def _why_not(approved: UUID, now: datetime) -> ClaimRefused | Overtaken:
    apply = Apply.objects.get(id=approved)
    if apply.state != ApplyState.APPROVED:
        return Overtaken(f"apply {approved} is {apply.state} already")
    return ClaimRefused(EXPIRED if apply.expires_at <= now else PAUSED)


def approved_by_request(request_key: str) -> UUID | None:
    """The approval that came by the same form or call before."""
    return Apply.objects.filter(request_key=request_key).values_list("id", flat=True).first() if request_key else None


def _row(apply_id: UUID, approval: Approval, now: datetime) -> dict[str, Any]:
    """The columns of an approval that nobody has claimed."""
    return {
        "id": apply_id,
        "account_id": approval.account_id,
        "digest": approval.digest,
        "risk": approval.risk,
        "writes": json.dumps(list(approval.cells)),
        "proposal": approval.proposal,
        "undoes": approval.undoes,
        "actor": approval.actor,
        "reason": approval.reason,
        "request_id": approval.request_id,
        "request_key": approval.request_key,
        "overrides_pause": approval.overrides_pause,
        "now": now,
        "expires_at": now + APPROVAL_HOLDS,
        "state": ApplyState.APPROVED.value,
        "epoch": 0,
        "lease_until": None,
        "paused": Switch.APPLIES_PAUSED,
    }


def _claimed(held: Held, changes: Changes, now: datetime) -> dict[str, Any]:
    """What the claim changes of it and adds to it."""
    return {
        "approved": ApplyState.APPROVED.value,
        "state": ApplyState.PREPARING.value,
        "epoch": held.epoch,
        "lease_until": now + LEASE,
        "branches": json.dumps(_branches(held, changes)),
        "calls": json.dumps(_calls(held, changes)),
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
        {"store": store.value, "gid": held.gid(store), "rows": [row_to_json(row) for row in rows]}
        for store, rows in changes.rows.items()
    ]


def _calls(held: Held, changes: Changes) -> list[dict[str, Any]]:
    return [
        {
            "position": position,
            "call_class": call.call_class.value,
            "verb": call.verb,
            "object_id": call.object_id,
            "params": dict(call.params),
            "key": f"{gid_prefix(held.instance)}{held.id.hex}.{position}",
        }
        for position, call in enumerate(changes.calls)
    ]
