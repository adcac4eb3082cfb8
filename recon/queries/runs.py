"""How far the long work is: the sweep, the mirror, a bulk repair."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from recon.models import BulkRepairItem, MirrorSync, SweepRun


@dataclass(frozen=True, slots=True)
class SweepState:
    started_at: datetime
    finished_at: datetime | None
    accounts: int
    chunks: int
    chunks_done: int


@dataclass(frozen=True, slots=True)
class MirrorState:
    """`as_of` None: never filled. `objects_read` and `reading` are of the pass that is under way, if any."""

    as_of: datetime | None
    reading: str | None
    objects_read: int


@dataclass(frozen=True, slots=True)
class BulkState:
    """Accounts of a bulk repair: all, those with an outcome, and how many of each outcome."""

    accounts: int
    done: int
    outcomes: Mapping[str, int]


def latest_sweep() -> SweepState | None:
    run = SweepRun.objects.annotate(
        all_chunks=Count("chunks"), done_chunks=Count("chunks", filter=Q(chunks__done_at__isnull=False))
    ).last()
    if run is None:
        return None
    return SweepState(run.started_at, run.finished_at, run.accounts, run.all_chunks, run.done_chunks)


def mirror_state() -> MirrorState:
    done = MirrorSync.objects.filter(completed_at__isnull=False).order_by("-started_at").first()
    going = MirrorSync.objects.filter(completed_at__isnull=True).order_by("-started_at").first()
    return MirrorState(
        as_of=done.started_at if done else None,
        reading=going.kind if going else None,
        objects_read=going.objects_read if going else 0,
    )


def bulk_state(bulk_repair_id: int) -> BulkState:
    rows = BulkRepairItem.objects.filter(bulk_repair=bulk_repair_id)
    counted = dict(rows.values_list("outcome").annotate(Count("id")).order_by("outcome"))
    waiting = rows.filter(done_at__isnull=True).count()
    accounts = sum(counted.values())
    outcomes = {outcome: number for outcome, number in counted.items() if outcome}
    return BulkState(accounts=accounts, done=accounts - waiting, outcomes=outcomes)
