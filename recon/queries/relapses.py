"""Cells that a repair had made true and somebody changed back: by place, and one by one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max, Min, QuerySet

from recon.models import Relapse

MOST_PLACES: Final = 100


@dataclass(frozen=True, slots=True)
class RelapsedPlace:
    """A place (store.table.column) whose cells somebody changes back: so many of so many accounts."""

    place: str
    relapses: int
    accounts: int
    first_at: datetime
    latest_at: datetime


@dataclass(frozen=True, slots=True)
class RelapsedCell:
    """One relapse: the repair `apply_id` wrote `wrote`, then `other` (as far as known) wrote `found`, seen at `at`.
    `released_at` is None while it stands."""

    id: int
    at: datetime
    account_id: str
    place: str
    key: str
    apply_id: UUID
    approved_by: str
    repaired_at: datetime | None
    wrote: Any
    found: Any
    other: str
    released_at: datetime | None
    released_by: str
    release_reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which relapses: those that stand, or those released; of one place, of one account."""

    released: bool = False
    place: str = ""
    account: str = ""


def relapsed_places(*, released: bool = False) -> list[RelapsedPlace]:
    """The most relapses first; at most 100 places."""
    rows = (
        _of(Wanted(released))
        .values("place")
        .annotate(
            relapses=Count("id"), accounts=Count("account_id", distinct=True), first_at=Min("at"), latest_at=Max("at")
        )
    )
    return [RelapsedPlace(**row) for row in rows.order_by("-relapses", "place")[:MOST_PLACES]]


def relapsed_cells(wanted: Wanted, *, below: int | None = None, limit: int = 50) -> list[RelapsedCell]:
    """The latest first; `below` is the number at which a page ended."""
    rows = _of(wanted)
    if below is not None:
        rows = rows.filter(id__lt=below)
    return [_cell(row) for row in rows.select_related("apply").defer("apply__writes").order_by("-id")[:limit]]


def _of(wanted: Wanted) -> QuerySet[Relapse]:
    rows = Relapse.objects.filter(released_at__isnull=not wanted.released)
    if wanted.place:
        rows = rows.filter(place=wanted.place)
    return rows.filter(account_id=wanted.account) if wanted.account else rows


def _cell(row: Relapse) -> RelapsedCell:
    return RelapsedCell(
        id=row.id,
        at=row.at,
        account_id=row.account_id,
        place=row.place,
        key=row.key,
        apply_id=row.apply_id,
        approved_by=row.apply.approved_by,
        repaired_at=row.apply.closed_at,
        wrote=row.wrote,
        found=row.found,
        other=row.other,
        released_at=row.released_at,
        released_by=row.released_by,
        release_reason=row.release_reason,
    )
