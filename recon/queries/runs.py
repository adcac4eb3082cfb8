"""How far the long work is: the sweep and the mirror."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from recon.models import MirrorSync, SweepChunk, SweepRun


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
class Sweeps:
    """The sweep that is under way, and the last one that was finished."""

    running: SweepState | None
    finished: SweepState | None

    @property
    def latest(self) -> SweepState | None:
        return self.running or self.finished


def latest_sweep() -> SweepState | None:
    return _sweep(SweepRun.objects.all())


def sweeps() -> Sweeps:
    """One that a later one has left behind is not under way any more."""
    latest = latest_sweep()
    if latest is None or latest.finished_at is not None:
        return Sweeps(None, latest)
    return Sweeps(latest, _sweep(SweepRun.objects.filter(finished_at__isnull=False)))


def looked_at(run_id: int) -> dict[str, int]:
    """The accounts of a sweep so far: `unchanged` were not evaluated again, `evaluated` were; of these, `suspects` are
    those whose drift was new, to be read again before it counts, and `missed` those that a full sweep found changed
    although the others would have passed over them."""
    of_chunks = SweepChunk.objects.filter(run=run_id).values_list("counts", flat=True)
    summed: Counter[str] = sum(map(Counter, of_chunks), Counter())
    left_out = SweepRun.objects.get(id=run_id).unchanged
    return {
        "unchanged": left_out + summed["unchanged"],
        "evaluated": summed["known"] + summed["unknown"] + summed["suspects"],
        "suspects": summed["suspects"],
        "missed": summed["missed"],
    }


def _sweep(runs: QuerySet[SweepRun]) -> SweepState | None:
    """The last of them."""
    chunks = SweepChunk.objects.filter(run=OuterRef("id"))
    done = chunks.filter(done_at__isnull=False)
    run = runs.annotate(all_chunks=_count(chunks), done_chunks=_count(done)).order_by("id").last()
    if run is None:
        return None
    return SweepState(run.started_at, run.finished_at, run.accounts, run.all_chunks, run.done_chunks)


def _count(chunks: QuerySet[SweepChunk]) -> Coalesce:
    counted = chunks.order_by().values("run").annotate(counted=Count("id")).values("counted")
    return Coalesce(Subquery(counted), 0)


def mirror_state() -> MirrorState:
    done = MirrorSync.objects.filter(completed_at__isnull=False).order_by("-started_at").first()
    going = MirrorSync.objects.filter(completed_at__isnull=True).order_by("-started_at").first()
    return MirrorState(
        as_of=done.started_at if done else None,
        reading=going.kind if going else None,
        objects_read=going.objects_read if going else 0,
    )
