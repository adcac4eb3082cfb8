"""Approve and claim a plan: the first durable step of an apply, one statement, before anything is sent anywhere.

A person's approval and the coordinator's claim are one act here, so the apply begins as PREPARING. The switch that
pauses all applies is read by the same statement, and the one-live index makes the claim the account's lock.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from django.db import IntegrityError, connection, transaction

from recon.apply.changes import Changes, row_to_json
from recon.apply.journal import LEASE, Held, gid_prefix
from recon.models import ApplyState, BranchState, CallState, Switch

APPROVAL_HOLDS: Final = timedelta(minutes=15)
CLAIM: Final = """
WITH claimed AS (
    INSERT INTO apply (
        id, account_id, digest, risk, writes, proposal, approved_by, reason, request_id, created_at, expires_at,
        state, epoch, lease_until, explanation, waiting_for, refused, takeovers
    )
    SELECT
        %(id)s, %(account_id)s, %(digest)s, %(risk)s, %(writes)s, %(proposal)s, %(actor)s, %(reason)s, %(request_id)s,
        %(now)s, %(expires_at)s, %(state)s, %(epoch)s, %(lease_until)s, '', '', false, 0
    WHERE NOT EXISTS (SELECT FROM switch WHERE name = %(paused)s AND is_on)
    RETURNING id
), branches AS (
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
    """The apply was not begun, and nothing was written. `code`: busy, paused."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


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


def begin(approval: Approval, changes: Changes, *, instance: str, now: datetime) -> Held:
    """The apply, its branches and its calls, in one commit.

    Raises ClaimRefused when the account has a live apply already, or all applies are paused.
    """
    held = Held(id=uuid4(), account_id=approval.account_id, epoch=1, instance=instance)
    try:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(CLAIM, _parameters(held, approval, changes, now))
            (claimed,) = cursor.fetchone()
    except IntegrityError as error:
        raise ClaimRefused("busy", "Another apply of this account is under way; look at it first.") from error
    if not claimed:
        raise ClaimRefused("paused", "All applies are paused; the switch says who paused them and why.")
    return held


def _parameters(held: Held, approval: Approval, changes: Changes, now: datetime) -> dict[str, Any]:
    return {
        "id": held.id,
        "account_id": approval.account_id,
        "digest": approval.digest,
        "risk": approval.risk,
        "writes": json.dumps(list(approval.cells)),
        "proposal": approval.proposal,
        "actor": approval.actor,
        "reason": approval.reason,
        "request_id": approval.request_id,
        "now": now,
        "expires_at": now + APPROVAL_HOLDS,
        "state": ApplyState.PREPARING.value,
        "epoch": held.epoch,
        "lease_until": now + LEASE,
        "paused": Switch.APPLIES_PAUSED,
        "branches": json.dumps(_branches(held, changes)),
        "calls": json.dumps(_calls(held, changes)),
        "planned_branch": BranchState.PLANNED.value,
        "planned_call": CallState.PLANNED.value,
    }


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
