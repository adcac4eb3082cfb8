"""Who has an account in hand, until when it is put off, and whose filters have a name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recon.models import SavedFilter, Snooze, WorkClaim
from recon.queries.queue_filter import CLAIM_LASTS

MOST_FILTERS: Final = 30


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


def claim_on(account_id: str, *, at: datetime) -> Claim | None:
    row = WorkClaim.objects.filter(account_id=account_id, touched_at__gt=at - CLAIM_LASTS).first()
    return Claim(row.person, row.touched_at + CLAIM_LASTS, row.query) if row else None


def snooze_of(account_id: str, *, at: datetime) -> PutOff | None:
    row = Snooze.objects.filter(account_id=account_id, until__gt=at).first()
    return PutOff(row.until, row.person, row.reason) if row else None


def filters_of(person: str) -> list[Named]:
    """By name."""
    rows = SavedFilter.objects.filter(person=person).order_by("name")[:MOST_FILTERS]
    return [Named(row.id, row.name, row.query) for row in rows]
