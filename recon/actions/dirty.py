"""The accounts that have to be evaluated again: mark, claim, complete, fail.

Two counters instead of a flag, a lease, and a token per claim: nothing that happens while an evaluation runs is lost.
"""

import json
import random
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q

from recon.models import AccountState, Dirty

LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 8
FIRST_BACK_OFF = timedelta(seconds=10)
LONGEST_BACK_OFF = timedelta(minutes=20)
# What fails keeps its back-off, however many events come in meanwhile; one that was parked gets another try.
_MARK = """
insert into dirty as known (account, gen, done_gen, attempts, not_before, parked, last_error, causes, since)
select account, 1, 0, 0, <not before>, false, '', <first cause>, %(now)s from {accounts} as marked (account)
order by account
on conflict (account) do update
set gen = known.gen + 1, parked = false,
    not_before = case
        when known.attempts = 0 then least(known.not_before, excluded.not_before) else known.not_before end,
    causes = <causes>,
    since = case when known.gen = known.done_gen then excluded.since else known.since end
where not %(once)s or known.gen = known.done_gen or known.token is not null
"""
# Also part of the statement that keeps an event: the mark and the event are one transaction and one round trip. The
# event itself remembers the generation that it made.
MARK_FROM = (
    _MARK.replace("<not before>", "%(now)s").replace("<first cause>", "'[]'").replace("<causes>", "known.causes")
)
MARK = (
    _MARK.format(accounts="unnest(%(accounts)s::text[])")
    .replace("<not before>", "%(not_before)s")
    .replace("<first cause>", "jsonb_build_array(%(cause)s::jsonb || '{\"gen\": 1}')")
    .replace(
        "<causes>",
        "(case when jsonb_array_length(known.causes) < 20 then known.causes else known.causes - 0 end)"
        " || jsonb_build_array(%(cause)s::jsonb || jsonb_build_object('gen', known.gen + 1))",
    )
)
COMPLETE = """
with claimed as (
    select * from unnest(%(accounts)s::text[], %(tokens)s::uuid[], %(gens)s::bigint[])
        as claimed (account, token, answered)
), before as (
    select account, answered, done_gen, causes from dirty join claimed using (account, token)
    where done_gen < answered order by account for update of dirty
)
update dirty
set done_gen = answered, attempts = 0, last_error = '', lease_until = null, token = null, parked = false,
    causes = coalesce((
        select jsonb_agg(one) from jsonb_array_elements(before.causes) as one where (one ->> 'gen')::bigint > answered
    ), '[]')
from before where dirty.account = before.account
returning dirty.account, before.done_gen, answered, before.causes
"""


class CauseKind(StrEnum):
    """Why an account has to be evaluated again, besides an event that came in."""

    TIMER = "timer"  # its truth changes by time alone (T17)
    APPLY = "apply"  # a repair of it was closed
    SWEEP = "sweep"  # a sweep could not read it wholly
    SUSPECT = "suspect"  # a sweep found it to drift since a moment ago
    PERSON = "person"
    MIRROR = "mirror"  # Stripe's mirror saw that an object changed hands
    CONFIRMATION = "confirmation"  # a severe plan needs a second look
    POLICY = "policy"  # the rules' numbers are others now
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason to look; `ref` says which person, which repair."""

    kind: CauseKind
    ref: str = ""


UNSAID = Cause(CauseKind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to evaluate one account: `gen` was read before any store is."""

    account_id: str
    gen: int
    attempts: int
    token: uuid.UUID


@dataclass(frozen=True, slots=True)
class Completed:
    """What a claim has answered: every mark of its account after `done_gen`, up to `gen`; `causes` are {gen, kind, ref,
    at}."""

    account_id: str
    done_gen: int
    gen: int
    causes: Sequence[Mapping[str, Any]]


def mark_dirty(
    account_ids: Iterable[str],
    now: datetime,
    *,
    once: bool = False,
    cause: Cause = UNSAID,
    wait: timedelta = timedelta(0),
) -> None:
    """Something happened to these accounts, to be looked at after `wait`; with `once`, one that waits already is left
    as it is.

    One that is being evaluated does not wait: its worker may have read before what happened.
    """
    accounts = sorted(set(account_ids))
    if accounts:
        told = {"kind": cause.kind, "ref": cause.ref, "at": now.astimezone(UTC).isoformat()}
        with connection.cursor() as cursor:
            given: dict[str, Any] = {"accounts": accounts, "now": now, "not_before": now + wait, "once": once}
            cursor.execute(MARK, {**given, "cause": json.dumps(told)})


def mark_due(*, now: datetime, limit: int = 1_000) -> int:
    """Mark the accounts whose truth changes by time alone (T17) and whose time has come. How many.

    A time that had come before somebody ignored the account is no news.
    """
    due = AccountState.objects.filter(next_evaluation_at__lte=now, evaluated_at__lt=F("next_evaluation_at"))
    due = due.exclude(
        Exists(
            Dirty.objects.filter(
                account=OuterRef("account_id"), parked=True, not_before__gte=OuterRef("next_evaluation_at")
            )
        )
    )
    account_ids = list(due.order_by("next_evaluation_at").values_list("account_id", flat=True)[:limit])
    mark_dirty(account_ids, now=now, once=True, cause=Cause(CauseKind.TIMER))
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


def complete(done: Sequence[Claim]) -> list[Completed]:
    """Inside the transaction that keeps their evaluations. Without those whose claim another holds by now."""
    given: dict[str, Any] = {
        "accounts": [one.account_id for one in done],
        "tokens": [one.token for one in done],
        "gens": [one.gen for one in done],
    }
    with connection.cursor() as cursor:
        cursor.execute(COMPLETE, given)
        rows = cursor.fetchall()
    return [
        Completed(account, done_gen, gen, [one for one in json.loads(causes) if one["gen"] <= gen])
        for account, done_gen, gen, causes in rows
    ]


def fail(failed: Claim, error: str, *, now: datetime, is_poison: bool) -> None:
    """Try again later, a little later each time, up to twenty minutes.

    What is poison fails by itself, not because a store is down: after eight tries the account is parked with its error.
    A mark that came, or a replay, while this try ran asks for one more.
    """
    was_the_last = ExpressionWrapper(Q(attempts__gte=MOST_ATTEMPTS - 1, gen=failed.gen), BooleanField())
    # More doublings than reach the longest would be a number that no clock holds.
    wait = min(FIRST_BACK_OFF * 2 ** min(failed.attempts, 10), LONGEST_BACK_OFF) * random.uniform(0.8, 1.2)
    Dirty.objects.filter(account=failed.account_id, token=failed.token).update(
        attempts=F("attempts") + 1,
        not_before=now + wait,
        parked=was_the_last if is_poison else False,
        last_error=error[:1_000],
        lease_until=None,
        token=None,
    )
