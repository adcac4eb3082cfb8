"""The accounts that have to be evaluated again: mark, claim, complete, fail.

Two counters instead of a flag, a lease, and a token per claim: nothing that happens while an evaluation runs is lost.
"""

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from recon.models import AccountState, Dirty

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 8
FIRST_BACK_OFF = timedelta(seconds=10)
# Also part of the statement that keeps an event: the mark and the event are one transaction and one round trip.
MARK_FROM = """
insert into dirty as known (account, gen, done_gen, attempts, not_before, parked, last_error, since)
select account, 1, 0, 0, %(now)s, false, '', %(now)s from {accounts} as marked (account) order by account
on conflict (account) do update
set gen = known.gen + 1, parked = false, attempts = 0, not_before = least(known.not_before, excluded.not_before),
    since = case when known.gen = known.done_gen then excluded.since else known.since end
where known.gen = known.done_gen or not %(once)s
"""
MARK = MARK_FROM.format(accounts="unnest(%(accounts)s::text[])")


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to evaluate one account: `gen` was read before any store is."""

    account_id: str
    gen: int
    attempts: int
    token: uuid.UUID


def mark_dirty(account_ids: Iterable[str], now: datetime, *, once: bool = False) -> None:
    """Something happened to these accounts; with `once`, one that waits already is left as it is."""
    accounts = sorted(set(account_ids))
    if accounts:
        with connection.cursor() as cursor:
            cursor.execute(MARK, {"accounts": accounts, "now": now, "once": once})


def mark_due(*, now: datetime, limit: int = 1_000) -> int:
    """Mark the accounts whose truth changes by time alone (T17) and whose time has come. How many."""
    due = AccountState.objects.filter(next_evaluation_at__lte=now, evaluated_at__lt=F("next_evaluation_at"))
    account_ids = list(due.order_by("next_evaluation_at").values_list("account_id", flat=True)[:limit])
    mark_dirty(account_ids, now=now, once=True)
    return len(account_ids)


def claim(*, now: datetime, limit: int, account_ids: Iterable[str] | None = None) -> list[Claim]:
    """Due accounts that nobody evaluates, now leased to the caller."""
    due = Dirty.objects.filter(gen__gt=F("done_gen"), parked=False, not_before__lte=now)
    due = due.exclude(lease_until__gt=now).order_by("not_before")
    if account_ids is not None:
        due = due.filter(account__in=list(account_ids))
    claims = []
    with transaction.atomic():
        for row in due.select_for_update(skip_locked=True)[:limit]:
            row.token, row.lease_until = uuid.uuid4(), now + LEASE
            row.save(update_fields=["token", "lease_until"])
            claims.append(Claim(row.account, row.gen, row.attempts, row.token))
    return claims


def complete(done: Claim) -> bool:
    """Inside the transaction that keeps the evaluation. False when another holds the claim by now."""
    rows = Dirty.objects.filter(account=done.account_id, token=done.token, done_gen__lt=done.gen)
    return bool(rows.update(done_gen=done.gen, attempts=0, last_error="", lease_until=None, token=None, parked=False))


def fail(failed: Claim, error: str, *, now: datetime) -> None:
    """Try again later, a little later each time; after eight tries the account is parked with its error."""
    attempts = failed.attempts + 1
    wait = FIRST_BACK_OFF * 2**failed.attempts * random.uniform(0.8, 1.2)
    Dirty.objects.filter(account=failed.account_id, token=failed.token).update(
        attempts=attempts,
        not_before=now + wait,
        parked=attempts >= MOST_ATTEMPTS,
        last_error=error[:1_000],
        lease_until=None,
        token=None,
    )
