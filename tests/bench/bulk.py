"""Applies, eight at a time; and bulk repairs from their start to their last outcome, by one Celery worker and by two;
both against bare two-phase commits."""

import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from subprocess import PIPE, Popen
from typing import Final

from django.conf import settings

from recon import bootstrap
from recon.actions import apply_equipment
from recon.actions.apply_equipment import databases
from recon.actions.draft_bulk_repair import Selection, draft_bulk_repair
from recon.actions.drive_bulk_repairs import TOGETHER
from recon.actions.start_bulk_repair import approve_bulk_repair, start_bulk_repair
from recon.apply.coordinator import Coordinator, Outcome
from recon.apply.order import Order, Rights
from recon.engine.pipeline import Evaluation
from recon.models import AccountState, BulkOutcome, BulkRepair, BulkState
from recon.sandbox.cluster import Sandbox
from recon.sandbox.logins import ensure_logins
from recon.sandbox.services import WORKERS, Services, flush_queue
from tests.bench.commits import Place, commit_in_two_phases
from tests.bench.figure import Figure, rate_once

STARTER: Final = {"actor": "user:finance", "groups": ["finance"]}
SECOND: Final = {"actor": "user:admin", "groups": ["admin"]}
LOOK_SECONDS: Final = 0.05
BARE: Final = 1_000_000  # where the numbers of commits begin that are none of a process's


def figures(sandbox: Sandbox, commits: int, rounds: int) -> Iterator[Figure]:
    """After a sweep. Bare commits come right before and right after each, so that the machine's load meets both."""
    drifted = list(
        AccountState.objects.filter(writes__gt=0).order_by("account_id").values_list("account_id", flat=True)
    )
    together, queued = drifted[: TOGETHER * rounds], drifted[TOGETHER * rounds :]
    yield eight_at_a_time(together, rounds)
    ensure_logins()
    rates = {}
    for workers in (1, WORKERS):
        repaired = queued[workers - 1 :: WORKERS]
        before = _bare_rate(commits, workers)
        rates[workers] = len(repaired) / _seconds_to_repair(repaired, sandbox, workers)
        bare = (before + _bare_rate(commits, workers)) / 2
        name = f"bulk repair of {len(repaired):,} accounts, workers: {workers}"
        yield Figure(name, "accounts", rates[workers], f"bare two-phase commits by {workers}", bare, goal=0.5)
    yield Figure(f"bulk repair, workers: {WORKERS}", "accounts", rates[WORKERS], "one worker", rates[1])


def eight_at_a_time(account_ids: Sequence[str], rounds: int) -> Figure:
    """Re-read, claimed, prepared, decided, committed and closed, in turns with as many commits of nothing else."""
    stores, coordinator = databases(bootstrap.stores()), apply_equipment.coordinator()
    places = [Place.of(number) for number in range(TOGETHER)]
    seen = []
    for number in range(rounds):
        eight = account_ids[number * TOGETHER : (number + 1) * TOGETHER]
        orders = [_order(one) for one in coordinator.recompute_now(eight).values()]
        ours = rate_once(lambda orders=orders: _applied(coordinator, orders))
        bare = rate_once(lambda number=number: commit_in_two_phases(stores, places, BARE + number))
        seen.append((ours, bare))
    ratios = [ours / bare for ours, bare in seen]
    return Figure(
        f"apply, {TOGETHER} at a time",
        "accounts",
        statistics.median(ours for ours, _ in seen),
        f"raw two-phase commits, {TOGETHER} in flight",
        statistics.median(bare for _, bare in seen),
        spread=(min(ratios), max(ratios)),
        goal=0.6,
    )


def _order(seen: Evaluation) -> Order:
    return Order(seen.account_id, seen.plan.digest, actor="user:finance", reason="the bench", rights=Rights.ALL)


def _applied(coordinator: Coordinator, orders: Sequence[Order]) -> int:
    results = coordinator.apply_all(orders)
    if any(result.outcome is not Outcome.APPLIED for result in results):
        raise RuntimeError(f"not all were applied: {[result.sentence for result in results]}")
    return len(results)


def _seconds_to_repair(account_ids: Sequence[str], sandbox: Sandbox, workers: int) -> float:
    """From the second person's approval to the last outcome."""
    services = Services(sandbox.var_dir, {**os.environ, **sandbox.env()})
    flush_queue(settings.CELERY_BROKER_URL)
    services.start_worker(workers)
    try:
        run = approved(account_ids)
        began = time.perf_counter()
        while run.state == BulkState.RUNNING:
            time.sleep(LOOK_SECONDS)
            run.refresh_from_db()
        seconds = time.perf_counter() - began
    finally:
        services.stop()
    applied = run.items.filter(outcome=BulkOutcome.APPLIED).count()
    if run.state != BulkState.DONE or applied != run.accounts:
        raise RuntimeError(f"the run is {run.state} with {applied} of {run.accounts} applied: {run.stop_reason}")
    return seconds


def approved(account_ids: Sequence[str]) -> BulkRepair:
    now = datetime.now(UTC)
    drafted = draft_bulk_repair(Selection(account_ids=account_ids), **STARTER, request_key="", now=now)
    if drafted.run_id is None:
        raise RuntimeError(drafted.sentence)
    start_bulk_repair(drafted.run_id, **STARTER, reason="the bench", now=now)
    approve_bulk_repair(drafted.run_id, **SECOND, reason="the bench", now=now)
    return BulkRepair.objects.get(id=drafted.run_id)


def _bare_rate(commits: int, processes: int) -> float:
    """Commits a second of so many processes at once."""
    argv = [sys.executable, "-m", "tests.bench.commits_at_once"]
    each = [
        Popen([*argv, str(number), str(commits)], stdin=PIPE, stdout=PIPE, text=True) for number in range(processes)
    ]
    for process in each:
        process.stdout.readline()  # it is ready
    for process in each:
        process.stdin.write("begin\n")
        process.stdin.flush()
    return sum(float(process.communicate()[0]) for process in each)
