"""Replay an event: its accounts are marked again, or looked for again where nobody was found."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from recon.actions.authority import Right, holds
from recon.actions.dirty import MARK_FROM
from recon.actions.receive_event import LINKED, RECOMPUTE, RESOLVE
from recon.actions.settled import DONE, MAY_NOT_REPLAY, Settled
from recon.actions.wake import wake_soon
from recon.apply.record import Entry, record
from recon.models import Inbox, InboxStatus
from recon.words import reason_in

UNKNOWN: Final = Settled(False, "unknown", "There is no such event.")
NAMES_NOBODY: Final = Settled(False, "names_nobody", "It names nobody, so there is nobody to look for.")
WAITS: Final = Settled(False, "waits", "It is looked for at this moment, or waits to be.")
# The accounts that it marked before, and those that its ids lead to by now.
MARKED: Final = MARK_FROM.format(accounts="(select account_id from meant)") + "returning account, gen"
MARK_AGAIN: Final = f"""
with {LINKED}, meant (account_id) as (
    select account_id from linked union select account_id from inbox_mark where event_id = %(id)s
), marked as ({MARKED}), noted as (
    insert into inbox_mark (event_id, account_id, gen) select %(id)s, account, gen from marked
)
select coalesce(array_agg(account order by account), '{{}}') from marked
"""


def replay_event(
    event_id: int, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> Settled:
    """`event_id` is our number of it. ValueError without a reason. Codes: forbidden, unknown, names_nobody, waits."""
    if not holds(groups, Right.REPLAY):
        return MAY_NOT_REPLAY
    said = reason_in(reason)
    with transaction.atomic():
        event = Inbox.objects.select_for_update().defer("body").filter(id=event_id).first()
        if event is None:
            return UNKNOWN
        if event.status == InboxStatus.UNROUTED and event.next_at is not None and event.next_at <= now:
            return WAITS
        before = {"status": event.status}
        accounts = _mark_again(event, now)
        if not accounts and not event.refs:
            return NAMES_NOBODY
        event.status = InboxStatus.ROUTED if accounts else InboxStatus.UNROUTED
        event.next_at, event.attempts, event.note = None if accounts else now, 0, ""
        event.save(update_fields=["status", "next_at", "attempts", "note"])
        wake_soon(RECOMPUTE if accounts else RESOLVE)
        record(
            Entry(
                actor=actor,
                action="event.replayed",
                reason=said,
                account=accounts[0] if len(accounts) == 1 else None,
                before=before,
                after={"event": named(event), "status": event.status, "accounts": accounts},
                request_id=request_id,
            )
        )
    return DONE


def named(event: Inbox) -> str:
    """As people and the recorded causes name it."""
    return f"{event.source} {event.type} {event.event_id}"


def _mark_again(event: Inbox, now: datetime) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(MARK_AGAIN, {"id": event.id, "refs": event.refs, "now": now, "once": False})
        accounts: list[str] = cursor.fetchone()[0]
    return accounts
