"""A whole sweep: refresh the mirror, write the chunks down, have them done here or by workers, close with numbers."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from django.db.models import F

from recon.actions.dirty import CauseKind
from recon.actions.hand_out import hand_out
from recon.actions.recompute_dirty import recompute_dirty
from recon.actions.sweep import Sweeper, accounts_done, begin_sweep, finish_sweep, open_chunks, sweep_chunk
from recon.actions.sync_stripe import Pace, Report, StripeLists, sync_stripe
from recon.engine.facts import StoreName
from recon.models import Dirty, SweepRun
from recon.stores.base import StoreError

log = logging.getLogger(__name__)

AT_ONCE = 4  # fewer than a lease lasts, also when every store is slow

Work = Callable[[SweepRun, Report], None]


def _untold(done: int, total: int | None = None) -> None:
    """Nobody looks at it."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Where progress is told: objects of the mirror, accounts of the sweep, and those that are read again."""

    mirror: Report
    accounts: Report
    suspects: Report = _untold


def run_sweep(
    sweeper: Sweeper, *, actor: str, pace: Pace, work: Work, reports: Reports, full: bool = False
) -> SweepRun:
    """The finished run; a `full` one evaluates also what others prove unchanged. Raises StoreUnreachable when a store
    cannot name its accounts.

    With Stripe out of reach it goes on with the mirror as it is: what would be written is then read live, and unknown
    where that fails too.
    """
    refresh_mirror(sweeper, pace, reports.mirror)
    run = begin_sweep(sweeper, actor=actor, full=full)
    work(run, reports.accounts)
    settle_suspects(sweeper, reports.suspects)
    return finish_sweep(run, now=sweeper.clock())


def settle_suspects(sweeper: Sweeper, report: Report) -> None:
    """Waits until those that sweeps suspect have been read again: here, or by a worker that came before us."""
    waiting = Dirty.objects.filter(gen__gt=F("done_gen"), parked=False, causes__contains=[{"kind": CauseKind.SUSPECT}])
    suspects = list(waiting.values_list("account", flat=True))
    if suspects:
        report(0, len(suspects))
        time.sleep(sweeper.lag.total_seconds())
    for first in range(0, len(suspects), AT_ONCE):
        read_again = suspects[first : first + AT_ONCE]
        recompute_dirty(sweeper, limit=AT_ONCE, account_ids=read_again)
        report(first + len(read_again), len(suspects))


def refresh_mirror(sweeper: Sweeper, pace: Pace, report: Report) -> None:
    stripe = cast(StripeLists, sweeper.stores[StoreName.STRIPE])  # the one store that has lists
    try:
        sync_stripe(stripe, clock=sweeper.clock, pace=pace, report=report)
    except StoreError as error:
        log.warning("stripe mirror not refreshed", extra={"reason": error.sentence})


def work_here(sweeper: Callable[[], Sweeper]) -> Work:
    """Every chunk in this process, one after another, each by the policy of its moment."""

    def work(run: SweepRun, report: Report) -> None:
        done = accounts_done(run)
        report(done, run.accounts)
        for chunk_id in open_chunks(run):
            done += sweep_chunk(chunk_id, sweeper())
            report(done, run.accounts)

    return work


def work_in_queue(enqueue: Callable[[int], None], *, at_once: int) -> Work:
    """The chunks as tasks, so many at a time."""

    def work(run: SweepRun, report: Report) -> None:
        hand_out(
            lambda: open_chunks(run),
            enqueue,
            at_once=at_once,
            tell=lambda _: report(accounts_done(run), run.accounts),
        )

    return work
