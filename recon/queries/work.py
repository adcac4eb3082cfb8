"""Who has an account in hand, until when it is put off, and whose filters have a name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from recon.models import SavedFilter
from recon.queries.queue_filter import CLAIM_LASTS

MOST_FILTERS: Final = 30
_BOTH: Final = """
select claim.person, claim.touched_at, claim.query, snooze.until, snooze.person, snooze.reason
from (values (%(account)s)) as asked (account_id)
left join work_claim claim on claim.account_id = asked.account_id and claim.touched_at > %(since)s
left join snooze on snooze.account_id = asked.account_id and snooze.until > %(at)s
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """An account in somebody's hand: `person` as user:name, `query` the queue it was taken from."""

    person: str
    until: datetime
    query: str


@dataclass(frozen=True, slots=True)
class PutOff:
    """An account that nobody has to look at before `until`."""

    until: datetime
    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class Named:
    """One saved filter; `query` as the URL holds it."""

    id: int
    name: str
    query: str


def claim_and_snooze(account_id: str, *, at: datetime) -> tuple[Claim | None, PutOff | None]:
    """Both by one query: each account's page asks."""
    with connection.cursor() as cursor:
        cursor.execute(_BOTH, {"account": account_id, "at": at, "since": at - CLAIM_LASTS})
        person, touched_at, query, until, put_off_by, reason = cursor.fetchone()
    claim = Claim(person, touched_at + CLAIM_LASTS, query) if touched_at else None
    return claim, PutOff(until, put_off_by, reason) if until else None


def claim_on(account_id: str, *, at: datetime) -> Claim | None:
    return claim_and_snooze(account_id, at=at)[0]


def snooze_of(account_id: str, *, at: datetime) -> PutOff | None:
    return claim_and_snooze(account_id, at=at)[1]


def filters_of(person: str) -> list[Named]:
    """By name."""
    rows = SavedFilter.objects.filter(person=person).order_by("name")[:MOST_FILTERS]
    return [Named(row.id, row.name, row.query) for row in rows]
