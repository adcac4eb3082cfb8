"""How the engine itself is: what waits, what is parked, what is in doubt, and what nobody was told of yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Min, Q

from recon.models import LIVE_STATES, Apply, ApplyState, Dirty, OutboxEvent
from recon.queries.pulses import worker_seen_at

__all__ = ["EngineStatus", "engine_status", "worker_seen_at"]

SHOWN: Final = 20
EXCEPTIONS_SHOWN_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Parked:
    """An account whose evaluation failed too often; nobody tries again until something happens to it. One that a person
    ignored is none."""

    account_id: str
    attempts: int
    error: str
    since: datetime


@dataclass(frozen=True, slots=True)
class QueueState:
    """Accounts that wait for an evaluation: `due` now, `later` after a back-off; the oldest mark; those parked."""

    due: int
    later: int
    oldest: datetime | None
    parked_total: int
    parked: tuple[Parked, ...]


@dataclass(frozen=True, slots=True)
class OutboxState:
    """Events that nobody was told of yet."""

    unpublished: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class OpenRepair:
    """A repair that has not ended, or ended where a person has to look. `is_in_doubt`: its coordinator is gone, or
    something is out of reach."""

    apply_id: UUID
    account_id: str
    state: str
    approved_by: str
    created_at: datetime
    waiting_for: str
    explanation: str
    is_in_doubt: bool


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Everything of our own that can stand still. `open_total` counts the repairs, `open_repairs` shows the oldest."""

    queue: QueueState
    outbox: OutboxState
    open_total: int
    open_repairs: tuple[OpenRepair, ...]
    needs_person: tuple[OpenRepair, ...]
    database: str


def engine_status(*, now: datetime) -> EngineStatus:
    live = Apply.objects.filter(state__in=LIVE_STATES)
    ended = Apply.objects.filter(state=ApplyState.EXCEPTION, closed_at__gte=now - EXCEPTIONS_SHOWN_FOR)
    return EngineStatus(
        queue=_queue(now),
        outbox=_outbox(),
        open_total=live.count(),
        open_repairs=tuple(_open(row, now) for row in live.order_by("created_at")[:SHOWN]),
        needs_person=tuple(_open(row, now) for row in ended.order_by("-closed_at")[:SHOWN]),
        database=_database_version(),
    )


def _queue(now: datetime) -> QueueState:
    waiting = Dirty.objects.filter(gen__gt=F("done_gen"), parked=False).aggregate(
        due=Count("account", filter=Q(not_before__lte=now)),
        later=Count("account", filter=Q(not_before__gt=now)),
        oldest=Min("since"),
    )
    parked = Dirty.objects.filter(parked=True, gen__gt=F("done_gen")).order_by("since")
    return QueueState(
        **waiting,
        parked_total=parked.count(),
        parked=tuple(Parked(row.account, row.attempts, row.last_error, row.since) for row in parked[:SHOWN]),
    )


def _outbox() -> OutboxState:
    unpublished = OutboxEvent.objects.filter(published_at__isnull=True)
    oldest = unpublished.order_by("sequence").values_list("at", flat=True).first()
    return OutboxState(unpublished=unpublished.count(), oldest=oldest)


def _open(row: Apply, now: datetime) -> OpenRepair:
    is_running = row.lease_until is not None and row.lease_until > now and not row.waiting_for
    return OpenRepair(
        apply_id=row.id,
        account_id=row.account_id,
        state=row.state,
        approved_by=row.approved_by,
        created_at=row.created_at,
        waiting_for=row.waiting_for,
        explanation=row.explanation,
        is_in_doubt=row.state != ApplyState.APPROVED and not is_running,
    )


def _database_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("show server_version")
        return str(cursor.fetchone()[0]).split(" ")[0]
