"""Sweep by the schedule, and the chunks of any sweep."""

from celery import shared_task
from django.utils import timezone

from recon.actions import equipment
from recon.actions import sweep as sweeping
from recon.actions.run_sweep import refresh_mirror
from recon.under_way import under_way


@shared_task(name="recon.sweep")
def sweep(*, full: bool = False) -> None:
    """Begin a sweep, or go on with an unfinished one: its open chunks become tasks."""
    sweeper = equipment.sweeper()
    refresh_mirror(sweeper, equipment.pace(), _silent)
    run = sweeping.begin_sweep(sweeper, actor="task:sweep", full=full)
    for chunk_id in sweeping.open_chunks(run):
        sweep_chunk.delay(chunk_id)
    sweeping.finish_sweep(run, now=timezone.now())  # nobody is due, or all were done meanwhile


@shared_task(name="recon.sweep_chunk")
def sweep_chunk(chunk_id: int) -> None:
    """One chunk; whoever does the last one closes the run."""
    with under_way("sweep chunk", chunk_id=str(chunk_id)):
        sweeping.sweep_chunk(chunk_id, equipment.sweeper())
        sweeping.finish_run_of(chunk_id, now=timezone.now())


@shared_task(name="recon.sync_stripe")
def sync_stripe() -> None:
    """Refresh the mirror, by the schedule."""
    refresh_mirror(equipment.sweeper(), equipment.pace(), _silent)


def _silent(done: int, total: int | None = None) -> None:
    return None
