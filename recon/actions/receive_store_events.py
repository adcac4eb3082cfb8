"""Receive what the five stores' owners tell: into the inbox, and the accounts marked dirty, by one statement.

An account is marked, and whoever it was merged into: what is owed there is theirs (T1).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from django.db import connection, transaction

from recon.actions.dirty import MARK_FROM
from recon.actions.keep_snapshots import canonical_json
from recon.actions.receive_event import RECOMPUTE
from recon.actions.wake import wake_soon
from recon.engine.enums import StoreName
from recon.models import FindingKind, InboxStatus
from recon.traces import traceparent
from recon.under_way import under_way

DATABASE_STORES: Final = tuple(store.value for store in StoreName if store is not StoreName.STRIPE)
CHANGED: Final = "store.changed"

TOLD: Final = """
told as (
    select * from jsonb_to_recordset(%(events)s::jsonb)
        as told (source text, event_id text, account_id text, occurred_at timestamptz, body jsonb, body_hash text)
)
"""
MARKED: Final = MARK_FROM.format(accounts="(select distinct account_id from concerned)") + "returning account, gen"
RECEIVE: Final = f"""
with {TOLD}, kept as (
    insert into inbox (source, event_id, received_at, occurred_at, type, object_id, refs, body, body_hash, status,
        attempts, note, traceparent)
    select source, event_id, %(now)s, occurred_at, '{CHANGED}', account_id, array[account_id], body, body_hash,
        '{InboxStatus.ROUTED}', 0, '', %(traceparent)s
    from told order by source, event_id
    on conflict (source, event_id) do nothing
    returning id, object_id as account_id
), concerned as (
    select id, account_id from kept
    union
    select kept.id, known.account_id from kept join account_handles known on known.ids && array[kept.account_id]
), marked as ({MARKED}), noted as (
    insert into inbox_mark (event_id, account_id, gen)
    select id, account_id, gen from concerned join marked on marked.account = account_id
)
select count(*) from kept
"""
OTHER_BODY: Final = f"""
with {TOLD}
insert into inbox_finding (event_id, kind, at, detail)
select inbox.id, '{FindingKind.OTHER_BODY}', %(now)s, jsonb_build_object('body_hash', told.body_hash)
from told join inbox using (source, event_id) where inbox.body_hash <> told.body_hash
on conflict do nothing
"""


@dataclass(frozen=True, slots=True)
class StoreEvent:
    """Something happened to an account in a store; `event_id` is the sender's, and the same when it is sent again."""

    store: str
    event_id: str
    account_id: str
    occurred_at: datetime


def receive_store_events(events: Sequence[StoreEvent], *, now: datetime) -> int:
    """How many were new. An id that came before is acknowledged and marks nothing; one with another body is a finding.

    Raises DatabaseError when they could not be made durable: all of them have to be sent again.
    """
    with under_way("receive store events") as work:
        new = _receive([_row(event) for event in events], now)
        work.say(events=len(events), new=new, stores=sorted({event.store for event in events}))
    return new


def _receive(rows: Sequence[Mapping[str, Any]], now: datetime) -> int:
    params: dict[str, Any] = {"events": json.dumps(rows), "now": now, "once": False, "traceparent": traceparent()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RECEIVE, params)
        (new,) = cursor.fetchone()
        if new < len(rows):
            cursor.execute(OTHER_BODY, params)
        if new:
            wake_soon(RECOMPUTE)
    return int(new)


def _row(event: StoreEvent) -> dict[str, Any]:
    body = {
        "store": event.store,
        "event_id": event.event_id,
        "account_id": event.account_id,
        "occurred_at": event.occurred_at,
    }
    text = canonical_json(body)
    return {
        "source": event.store,
        "event_id": event.event_id,
        "account_id": event.account_id,
        "occurred_at": event.occurred_at.isoformat(),
        "body": json.loads(text),
        "body_hash": sha256(text.encode()).hexdigest(),
    }
