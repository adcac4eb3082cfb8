"""What more workers do: `python -m tests.bench.scale [ACCOUNTS] [--rounds ROUNDS] [--workers 2 4]`.

On servers of its own under var/bench-scale. The workers and beat are services of docker-compose.yml, by their own words
in the image's folder, a worker of one process each. In each round, with one worker and with more, the same work from
the same beginning: a sweep of all accounts, and a bulk repair of all that drifted, from the second person's approval to
the last outcome. The ratios are to one worker in the same round.

The ceiling is the machine: workers, PostgreSQL and Stripe's twin share its processors, so each figure says how busy
they were. At 100 % another worker has nothing to work with. A sweep is handed out in chunks of 500 accounts: fewer than
2,000 are too few for four workers.
"""

import argparse
import os
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from recon.sandbox.cluster import Sandbox
from tests.bench.figure import Figure
from tests.deploy.image import build
from tests.deploy.process_set import ProcessSet

VAR: Final = Path(__file__).resolve().parents[2] / "var" / "bench-scale"
MORE_WORKERS: Final = (2, 4)
AT_ONCE_EACH: Final = 16  # of a bulk repair's accounts: those in hand, and the next ones
LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Took:
    """One piece of work: how many accounts a second, and the share of all processors that was busy meanwhile."""

    per_second: float
    busy: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("accounts", nargs="?", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=MORE_WORKERS, help="beside one: 2 4")
    options = parser.parse_args()
    numbers = (1, *options.workers)
    sandbox = Sandbox(VAR)
    with sandbox.attached():
        os.environ.update(sandbox.env(), DJANGO_SETTINGS_MODULE="recon.settings")
        os.environ["BULK_AT_ONCE"] = str(AT_ONCE_EACH * max(numbers))
        import django  # reads the settings, which name the servers of just now

        django.setup()
        shutil.rmtree(VAR / "image", ignore_errors=True)
        build(VAR / "image")
        seen = [
            {workers: _measure(sandbox, options.accounts, workers) for workers in numbers}
            for _ in range(options.rounds)
        ]
    for number, work in enumerate(("sweep", "bulk repair")):
        for workers in numbers:
            print(_figure(work, workers, [{one: took[number] for one, took in each.items()} for each in seen]).line())


def _figure(work: str, workers: int, rounds: Sequence[dict[int, Took]]) -> Figure:
    rate = {number: statistics.median(each[number].per_second for each in rounds) for number in (1, workers)}
    ratios = [each[workers].per_second / each[1].per_second for each in rounds]
    return Figure(
        f"{work}, workers: {workers}",
        "accounts",
        rate[workers],
        "one worker",
        rate[1],
        note=f"processors {100 * statistics.median(each[workers].busy for each in rounds):.0f} % busy",
        spread=(min(ratios), max(ratios)),
    )


def _measure(sandbox: Sandbox, accounts: int, workers: int) -> tuple[Took, Took]:
    """The sweep and the repair, from nothing."""
    from django.db import connection

    from recon.sandbox.logins import ensure_logins
    from recon.sandbox.population import seed

    connection.close()
    sandbox.recreate_ours()
    seed(sandbox.env(), accounts, now=datetime.now(UTC))
    with _processes(sandbox, workers):
        ensure_logins()
        return _timed(_sweep(workers)), _timed(_repair())


@contextmanager
def _processes(sandbox: Sandbox, workers: int) -> Iterator[None]:
    """The database migrated, so many workers and beat ready."""
    from recon.sandbox.services import flush_queue

    shutil.rmtree(VAR / "set", ignore_errors=True)
    settings = {"WORKER_PROCESSES": "1", "BULK_AT_ONCE": os.environ["BULK_AT_ONCE"]}
    process_set = ProcessSet(VAR / "image", VAR / "set", sandbox, settings)
    flush_queue(sandbox.env()["REDIS_URL"])
    try:
        if (migrated := process_set.run("migrate")).returncode:
            raise RuntimeError(migrated.stderr)
        started = [process_set.start("worker", number) for number in range(workers)]
        started.append(process_set.start("beat"))
        for one in started:
            one.wait_until_healthy()
        yield
        process_set.stop(*started)
    finally:
        process_set.kill()


def _timed(work: Iterator[int]) -> Took:
    """A work prepares itself, yields, does it, and yields how many accounts it was."""
    next(work)
    began, before = time.perf_counter(), psutil.cpu_times()
    count = next(work)
    seconds, after = time.perf_counter() - began, psutil.cpu_times()
    idle = after.idle + after.iowait - before.idle - before.iowait
    return Took(count / seconds, 1 - idle / seconds / (psutil.cpu_count() or 1))


def _sweep(workers: int) -> Iterator[int]:
    """Without the mirror's refresh, which is one process's."""
    from recon.actions import equipment
    from recon.actions.run_sweep import refresh_mirror, work_in_queue
    from recon.actions.sweep import begin_sweep, finish_sweep
    from recon.bootstrap import task_sender

    sweeper = equipment.sweeper()
    refresh_mirror(sweeper, equipment.pace(), _tell)
    yield 0
    run = begin_sweep(sweeper, actor="bench")
    work_in_queue(lambda chunk: task_sender().send_task("recon.sweep_chunk", [chunk]), at_once=2 * workers)(run, _tell)
    yield finish_sweep(run, now=sweeper.clock()).accounts


def _repair() -> Iterator[int]:
    """As many as one run holds."""
    from django.conf import settings

    from recon.models import AccountState, BulkState
    from tests.bench.bulk import approved

    drifted = AccountState.objects.filter(writes__gt=0).values_list("account_id", flat=True)
    run = approved(list(drifted[: settings.BULK_MOST_ACCOUNTS]))
    yield 0
    while run.state == BulkState.RUNNING:
        time.sleep(LOOK_SECONDS)
        run.refresh_from_db()
    if run.state != BulkState.DONE:
        raise RuntimeError(f"the run is {run.state}: {run.stop_reason}")
    yield run.accounts


def _tell(done: int, total: int | None = None) -> None:
    """Nobody looks at the progress."""


if __name__ == "__main__":
    main()
