"""Who saw which account, newest first, paged by moment and number."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from recon.models import LookUp


@dataclass(frozen=True, slots=True)
class LookUpLine:
    """One look at one account; `by` is the page or endpoint that showed it."""

    id: int
    at: datetime
    actor: str
    account_id: str
    by: str
    request_id: str

    @property
    def key(self) -> "LookUpKey":
        return LookUpKey(self.at, self.id)


@dataclass(frozen=True, slots=True)
class LookUpKey:
    """Where a page ended."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class LookUpFilter:
    """What is asked for; what is empty asks nothing. `seen_by` is whoever may see only their own looks."""

    seen_by: str = ""
    actor: str = ""
    account: str = ""


def look_ups(wanted: LookUpFilter, *, before: LookUpKey | None = None, limit: int = 50) -> list[LookUpLine]:
    rows = LookUp.objects.all()
    for actor in filter(None, (wanted.seen_by, wanted.actor)):
        rows = rows.filter(actor=actor)
    if wanted.account:
        rows = rows.filter(account_id=wanted.account)
    if before is not None:
        rows = rows.filter(Q(at__lt=before.at) | Q(at=before.at, id__lt=before.id), at__lte=before.at)
    return [
        LookUpLine(row.id, row.at, row.actor, row.account_id, row.by, row.request_id)
        for row in rows.order_by("-at", "-id")[:limit]
    ]
