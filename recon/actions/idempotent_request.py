"""A call that is sent twice acts once: its key is claimed before the work, and its answer kept with it.

Whoever claims and dies leaves a lease that ends; the same call then runs again, under the same number, by which the
actions know what they have done already.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from recon.models import IdempotentRequest

KEPT: Final = timedelta(hours=24)
LEASE: Final = timedelta(minutes=2)  # a call that takes longer has died
CLAIM: Final = """
insert into idempotent_request as kept (token_id, key, request, body_hash, created_at, lease_until)
values (%(token)s, %(key)s, %(request)s, %(body_hash)s, %(now)s, %(lease_until)s)
on conflict (token_id, key) do update set lease_until = excluded.lease_until
where kept.status is null and kept.lease_until <= %(now)s and kept.created_at > %(forgotten)s
    and kept.request = excluded.request and kept.body_hash = excluded.body_hash
returning id
"""


@dataclass(frozen=True, slots=True)
class Call:
    """What came under a key: `request` is method and path, `body_hash` the sha256 of the body in hex."""

    token_id: int
    key: str
    request: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class Answer:
    """As it was given the first time."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """The call is ours to do; `number` stays the same however often it is begun."""

    number: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The key stands for something else: another call (`is_other`), or this one, which is still running."""

    is_other: bool


def claim_request(call: Call, *, now: datetime) -> Claimed | Answer | Taken:
    """One statement decides between calls that come at once."""
    number = _claim(call, now)
    if number is not None:
        return Claimed(number)
    mine = IdempotentRequest.objects.filter(token=call.token_id, key=call.key)
    mine.filter(created_at__lte=now - KEPT).delete()
    kept = mine.first()
    if kept is None:
        number = _claim(call, now)
        return Taken(is_other=False) if number is None else Claimed(number)
    if (kept.request, kept.body_hash) != (call.request, call.body_hash):
        return Taken(is_other=True)
    return Taken(is_other=False) if kept.status is None else Answer(kept.status, kept.headers, kept.body)


def keep_answer(number: int, answer: Answer) -> None:
    """From now on the call is answered so."""
    IdempotentRequest.objects.filter(id=number, status__isnull=True).update(
        status=answer.status, headers=answer.headers, body=answer.body
    )


def let_go(number: int, *, now: datetime) -> None:
    """It came to no answer that would stand: the same call may run again at once."""
    IdempotentRequest.objects.filter(id=number, status__isnull=True).update(lease_until=now)


def forget_requests(*, now: datetime) -> int:
    """What is older than a key is kept for. How many."""
    return IdempotentRequest.objects.filter(created_at__lte=now - KEPT).delete()[0]


def _claim(call: Call, now: datetime) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {
                "token": call.token_id,
                "key": call.key,
                "request": call.request,
                "body_hash": call.body_hash,
                "now": now,
                "lease_until": now + LEASE,
                "forgotten": now - KEPT,
            },
        )
        row = cursor.fetchone()
    return int(row[0]) if row else None
