"""Find the accounts of events that came before their customers were known.

Stripe itself is asked for a customer that the mirror has not seen since the event; what it says goes into the mirror,
where an account's customers are looked for. An event whose account nobody knows after a day is dead: it stays, shown,
for a person to replay or to ignore.
"""

import logging
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any, Final, Protocol

from django.db import connection, transaction

from recon.actions.dirty import MARK_FROM
from recon.actions.mirror_live import keep_customers
from recon.actions.receive_event import LINKED, RECOMPUTE, TWO_ACCOUNTS
from recon.actions.stripe_event import references
from recon.actions.wake import wake_soon
from recon.models import Inbox, InboxStatus, StripeObject
from recon.stores.base import StoreError

log = logging.getLogger(__name__)

FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=10)
DEAD_AFTER: Final = timedelta(hours=24)
CUSTOMER: Final = "cus_"
NOBODY: Final = "no account was known for it within a day"

Find = Callable[[str], tuple[str, Mapping[str, Any]] | None]
MARKED: Final = MARK_FROM.format(accounts="(select account_id from linked, kept)") + "returning account, gen"
ROUTE: Final = f"""
with {LINKED}, kept as (
    update inbox set status = '{InboxStatus.ROUTED}', next_at = null, refs = %(refs)s::text[]
    where id = %(id)s and status = '{InboxStatus.UNROUTED}' and exists (select from linked)
    returning id
), marked as ({MARKED}), noted as (
    insert into inbox_mark (event_id, account_id, gen) select kept.id, marked.account, marked.gen from kept, marked
), found as ({TWO_ACCOUNTS})
select count(*) from kept
"""


class StripeObjects(Protocol):
    """What is asked of Stripe: an object by its id, with the list that it is of."""

    def find(self, object_id: str) -> tuple[str, Mapping[str, Any]] | None: ...


def resolve_events(stripe: StripeObjects, *, now: datetime, limit: int) -> int:
    """How many events were due; those whose account is known now have marked it dirty."""
    due = list(Inbox.objects.filter(status=InboxStatus.UNROUTED, next_at__lte=now).order_by("next_at")[:limit])
    try:
        refs = _look_up(due, stripe, now)
    except StoreError as error:
        log.warning("stripe was not asked for unknown customers", extra={"reason": error.sentence})
        refs = {}
    routed = sum(_route(event, refs.get(event.id, event.refs), now) for event in due)
    if routed:
        wake_soon(RECOMPUTE)
    return len(due)


def _look_up(due: Iterable[Inbox], stripe: StripeObjects, now: datetime) -> dict[int, list[str]]:
    """Event → its refs, with the customers of the objects that it names; those customers are in the mirror then.

    Raises StoreError when Stripe gives no answer.
    """
    find = cache(stripe.find)
    refs = {event.id: _with_customers(event.refs, find) for event in due}
    unseen = sorted({ref for event in due for ref in _unseen(refs[event.id], event.received_at)})
    customers = [found for kind, found in filter(None, map(find, unseen)) if kind == "customers"]
    with transaction.atomic():
        keep_customers(customers, now)
    return refs


def _with_customers(refs: list[str], find: Find) -> list[str]:
    """Where no customer is named, the objects that are named may know theirs."""
    if any(map(_is_customer, refs)):
        return refs
    found = [references(one) for _, one in filter(None, map(find, refs))]
    return list(dict.fromkeys(chain(refs, *found)))


def _unseen(refs: list[str], since: datetime) -> set[str]:
    """The customers that the mirror has not seen since."""
    customers = set(filter(_is_customer, refs))
    seen = StripeObject.objects.filter(id__in=customers, read_at__gte=since)
    return customers.difference(seen.values_list("id", flat=True))


def _route(event: Inbox, refs: list[str], now: datetime) -> bool:
    """Whether its account is known now; else it waits longer than before, or is dead."""
    with connection.cursor() as cursor:
        cursor.execute(ROUTE, {"id": event.id, "refs": refs, "now": now, "once": False})
        if cursor.fetchone()[0]:
            return True
    waiting = Inbox.objects.filter(id=event.id, status=InboxStatus.UNROUTED)
    if now - event.received_at >= DEAD_AFTER:
        waiting.update(status=InboxStatus.DEAD, next_at=None, note=NOBODY)
        log.error("an event found no account", extra={"event_id": event.event_id})
    else:
        waiting.update(attempts=event.attempts + 1, next_at=now + _wait(event.attempts))
    return False


def _wait(attempts: int) -> timedelta:
    longest = LONGEST_WAIT if attempts > 10 else min(LONGEST_WAIT, FIRST_WAIT * 2**attempts)
    return longest * random.uniform(0.8, 1.2)


def _is_customer(ref: str) -> bool:
    return ref.startswith(CUSTOMER)
