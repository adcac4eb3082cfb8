"""A bulk repair from its start to its last outcome, by two Celery workers, against bare two-phase commits by two."""

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from subprocess import PIPE, Popen
from typing import Final

from django.conf import settings

from recon.actions.draft_bulk_repair import Selection, draft_bulk_repair
from recon.actions.start_bulk_repair import approve_bulk_repair, start_bulk_repair
from recon.models import BulkOutcome, BulkRepair, BulkState
from recon.queries.queue import QueueFilter
from recon.sandbox.cluster import Sandbox
from recon.sandbox.logins import ensure_logins
from recon.sandbox.services import WORKERS, Services, flush_queue
from tests.bench.figure import Figure

STARTER: Final = {"actor": "user:finance", "groups": ["finance"]}
SECOND: Final = {"actor": "user:admin", "groups": ["admin"]}
LOOK_SECONDS: Final = 0.05


def figures(sandbox: Sandbox, commits: int) -> Iterator[Figure]:
    """After a sweep. The bare commits come right before and right after, so that the machine's load meets both."""
    before = _bare_rate(commits)
    repaired, seconds = _repair_all(sandbox)
    bare = (before + _bare_rate(commits)) / 2
    name = f"bulk repair of {repaired:,} accounts, {WORKERS} workers"
    yield Figure(name, "accounts", repaired / seconds, f"bare two-phase commits by {WORKERS}", bare)


def _repair_all(sandbox: Sandbox) -> tuple[int, float]:
    """How many accounts, and the seconds from the second person's approval to the last outcome."""
    ensure_logins()
    services = Services(sandbox.var_dir, {**os.environ, **sandbox.env()})
    flush_queue(settings.CELERY_BROKER_URL)
    services.start_worker()
    try:
        run = _approved()
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
    return applied, seconds


def _approved() -> BulkRepair:
    now = datetime.now(UTC)
    drafted = draft_bulk_repair(Selection(wanted=QueueFilter(at=now)), **STARTER, request_key="", now=now)
    if drafted.run_id is None:
        raise RuntimeError(drafted.sentence)
    start_bulk_repair(drafted.run_id, **STARTER, reason="the bench", now=now)
    approve_bulk_repair(drafted.run_id, **SECOND, reason="the bench", now=now)
    return BulkRepair.objects.get(id=drafted.run_id)


def _bare_rate(commits: int) -> float:
    """Commits a second of as many processes as there are workers, all at once."""
    argv = [sys.executable, "-m", "tests.bench.commits_at_once"]
    each = [Popen([*argv, str(number), str(commits)], stdin=PIPE, stdout=PIPE, text=True) for number in range(WORKERS)]
    for process in each:
        process.stdout.readline()  # it is ready
    for process in each:
        process.stdin.write("begin\n")
        process.stdin.flush()
    return sum(float(process.communicate()[0]) for process in each)
