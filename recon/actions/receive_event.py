"""Receive one event of Stripe's: into the inbox, and the accounts that it is about marked dirty, by one statement.

One statement is one transaction and one round trip: what is answered with success is durable, event and mark together,
and workers are woken after that (a hint that may be lost). The event's body decides nothing: it only says where to
look. An account is found by what the stores said before (its handles) and by what Stripe's customers claim.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.db import connection

from recon.actions.dirty import MARK_FROM
from recon.actions.incoming import Incoming
from recon.actions.wake import wake_soon
from recon.models import FindingKind, InboxStatus
from recon.queries.prepared import rows_of
from recon.traces import traceparent
from recon.under_way import under_way

RECOMPUTE: Final = "recon.recompute_due"
RESOLVE: Final = "recon.resolve_events"
NOT_OURS: Final = "it happened on a connected account that this installation does not look after"

# Accounts by ids: of the stores' links and objects, and of the mirror, directly or by the customer of an object.
LINKED: Final = """
named (ids) as (
    select %(refs)s::text[] || array(
        select customer from stripe_object where id = any(%(refs)s::text[]) and customer is not null
    )
), linked (account_id) as (
    select account_id from account_handles where ids && (select ids from named)
    union
    select account_id from stripe_object where id = any((select ids from named)::text[]) and account_id is not null
)
"""
# More than one account, and not because one was merged into the other.
ARE_STRANGERS: Final = """
(select count(*) from linked) > 1 and not exists (
    select from account_handles known join linked using (account_id)
    where known.ids && array(select account_id from linked other where other.account_id <> known.account_id)
)
"""
TWO_ACCOUNTS: Final = f"""
insert into inbox_finding (event_id, kind, at, detail)
select kept.id, '{FindingKind.TWO_ACCOUNTS}', %(now)s,
    jsonb_build_object('accounts', (select jsonb_agg(account_id order by account_id) from linked))
from kept where {ARE_STRANGERS}
on conflict do nothing
"""
MARKED: Final = MARK_FROM.format(accounts="(select account_id from linked, kept)") + "returning account, gen"
RECEIVE: Final = f"""
with {LINKED}, kept as (
    insert into inbox (source, event_id, received_at, occurred_at, type, object_id, refs, livemode, body, body_hash,
        status, attempts, next_at, note, traceparent)
    select %(source)s, %(event_id)s, %(now)s, %(occurred_at)s::timestamptz, %(type)s, %(object_id)s,
        %(refs)s::text[], %(livemode)s,
        %(body)s::jsonb, %(body_hash)s, fate.status, 0,
        case fate.status when '{InboxStatus.UNROUTED}' then %(now)s::timestamptz end, %(note)s,
        %(traceparent)s::text
    from (select case when exists (select from linked) then '{InboxStatus.ROUTED}'
        when %(refs)s::text[] = '{{}}' then '{InboxStatus.IGNORED}' else '{InboxStatus.UNROUTED}' end) as fate (status)
    on conflict (source, event_id) do nothing
    returning id, status
), marked as ({MARKED}), noted as (
    insert into inbox_mark (event_id, account_id, gen) select kept.id, marked.account, marked.gen from kept, marked
), found as ({TWO_ACCOUNTS})
select (select status from kept),
    (select body_hash from inbox where source = %(source)s and event_id = %(event_id)s)
"""
KNOWN_HASH: Final = "select body_hash from inbox where source = %(source)s and event_id = %(event_id)s"
OTHER_BODY: Final = f"""
insert into inbox_finding (event_id, kind, at, detail)
select id, '{FindingKind.OTHER_BODY}', %(now)s, jsonb_build_object('body_hash', %(body_hash)s::text)
from inbox where source = %(source)s and event_id = %(event_id)s
on conflict do nothing
"""


class Received(StrEnum):
    """What came of a delivery; each is acknowledged."""

    ROUTED = "routed"
    UNROUTED = "unrouted"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    OTHER_BODY = "other_body"


@dataclass(frozen=True, slots=True)
class Installation:
    """What is ours: events of other connected accounts are kept and routed nowhere."""

    connected_accounts: frozenset[str] = frozenset()


def receive_event(event: Incoming, *, now: datetime, installation: Installation) -> Received:
    """Raises DatabaseError when it could not be made durable: the sender has to send it again."""
    with under_way("receive event", source=event.source, event_id=event.event_id) as work:
        received = _receive(event, now, installation)
        work.say(outcome=received.value)
    return received


def _receive(event: Incoming, now: datetime, installation: Installation) -> Received:
    is_foreign = bool(event.connected_account) and event.connected_account not in installation.connected_accounts
    refs, note = ([], NOT_OURS) if is_foreign else (list(event.refs), "")
    params = {
        "source": event.source,
        "event_id": event.event_id,
        "occurred_at": event.occurred_at,
        "type": event.type,
        "object_id": event.object_id,
        "refs": refs,
        "livemode": event.livemode,
        "body": event.body,
        "body_hash": event.body_hash,
        "note": note,
        "traceparent": traceparent(),
        "now": now,
        "once": False,
    }
    [(status, known_hash)] = rows_of(RECEIVE, params)
    if status is None:
        return _again(event, params, known_hash)
    if status == InboxStatus.ROUTED:
        wake_soon(RECOMPUTE)
    elif status == InboxStatus.UNROUTED:
        wake_soon(RESOLVE)
    return Received(status)


def _again(event: Incoming, params: dict[str, Any], known_hash: str | None) -> Received:
    """It is there already. Where the first delivery committed after this one began, its hash is seen only now."""
    if known_hash is None:
        [(known_hash,)] = rows_of(KNOWN_HASH, params)
    if known_hash == event.body_hash:
        return Received.DUPLICATE
    with connection.cursor() as cursor:
        cursor.execute(OTHER_BODY, params)
    return Received.OTHER_BODY
