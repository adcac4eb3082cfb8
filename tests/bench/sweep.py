"""What sweeps cost in a large company: `python -m tests.bench.sweep [ACCOUNTS] [--rounds ROUNDS]`.

On servers of its own under var/bench-sweep, through a Celery worker of two processes. In turn: a raw binary COPY of the
same rows out of the same databases in no order (psql, one table after another); a sweep while nothing changed; one
while one account in a thousand changed; and the answer to those alone, as the stores' triggers name them. Then a full
sweep of a sample, twice: what it is to evaluate an account, first with all that is kept of it for the first time; and
how many the others had missed.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from recon.engine.schema import TABLES
from recon.sandbox.cluster import Sandbox
from recon.sandbox.postgres import wheel_bin
from tests.bench.apart import LeftOut
from tests.bench.row_diff import NAME, rows_per_second
from tests.bench.worker import Watched, watched_worker

VAR = Path(__file__).resolve().parents[2] / "var" / "bench-sweep"
PROCESSES = 2
AT_ONCE = 8
SAMPLE = 5_000
CHUNK = 500
ONE_IN = 1_000
FLOOR, UNCHANGED, CHANGED, ALONE = "raw COPY", "nothing changed", "one in a thousand changed", "those alone"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sweep", description=__doc__)
    parser.add_argument("accounts", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with company_of(options.accounts), watched_worker(VAR, PROCESSES) as watched:
        took = in_turn(options.rounds, watched)
        _show(took, options.accounts)
        _show_peer(statistics.median(one.seconds for one in took[UNCHANGED]), options.accounts, options.rounds)
        print(f"memory: {watched.largest:.0f} MB the largest process, {watched.megabytes:.0f} MB all {PROCESSES + 1}")
        _show_full(watched, took, options.accounts)


@contextmanager
def company_of(accounts: int) -> Iterator[None]:
    """Servers that hold a company of so many, everybody evaluated."""
    sandbox = Sandbox(VAR)
    with sandbox.attached():
        os.environ.update(sandbox.env())
        os.environ["DJANGO_SETTINGS_MODULE"] = "recon.settings"
        sandbox.recreate_ours()
        _empty_stores()
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0, skip_checks=True)
        began = time.perf_counter()
        _fill(accounts)
        print(f"{accounts:,} accounts filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        yield


def _empty_stores() -> None:
    for store, tables in TABLES.items():
        with psycopg.connect(os.environ[f"SANDBOX_{store.upper()}_OWNER_URL"], autocommit=True) as conn:
            conn.execute(f"truncate {', '.join(tables)}")


def _fill(accounts: int) -> None:
    """Stores and mirror; then the templates are swept, and what is kept of them copied, with each account's own
    fingerprint."""
    from django.db import connection

    from recon.actions import equipment
    from recon.actions.keep_evaluations import keep_evaluations
    from recon.actions.read_stores import fingerprints_of
    from recon.actions.sweep import evaluate_chunk
    from recon.models import Trigger
    from tests.bench.sweep_fill import FIRST, account_id, copy_kept, fill_stores

    sweeper = equipment.sweeper()
    fill_stores(accounts, datetime.now(UTC))
    evaluated = evaluate_chunk([account_id(number) for number in range(3)], sweeper)
    keep_evaluations(evaluated, trigger=Trigger.SWEEP, actor="bench")
    copy_kept(accounts)
    for first in range(FIRST, FIRST + accounts, 5_000):
        ids = [account_id(number) for number in range(first, min(first + 5_000, FIRST + accounts))]
        taken = fingerprints_of(sweeper.stores, ids)
        with connection.cursor() as cursor:
            cursor.execute(
                "update account_state as state set fingerprint = taken.number"
                " from unnest(%s::text[], %s::bigint[]) as taken (id, number) where state.account_id = taken.id",
                [list(taken), list(taken.values())],
            )
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze account_state")


@dataclass(frozen=True, slots=True)
class Took:
    """One work: its seconds, and the seconds of processors that it and the database had meanwhile."""

    seconds: float
    busy: float


def in_turn(rounds: int, watched: Watched) -> dict[str, list[Took]]:
    """The first round warms up and does not count."""
    works: dict[str, Callable[[], None]] = {
        FLOOR: _copy,
        UNCHANGED: _sweep,
        CHANGED: lambda: _change() or _sweep(),
        ALONE: lambda: _change() or _answer_changed(),
    }
    took: dict[str, list[Took]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            busy, began = _busy(watched), time.perf_counter()
            work()
            seconds = time.perf_counter() - began
            if number:
                took[name].append(Took(seconds, _busy(watched) - busy))
    return took


def _busy(watched: Watched) -> float:
    """Of the worker and the database, to a few tenths; of this process and of the clients that it ran."""
    time.sleep(0.5)
    ours = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return watched.busy + watched.database_busy + sum(one.ru_utime + one.ru_stime for one in ours)


def _show(took: dict[str, list[Took]], accounts: int) -> None:
    """On a machine that others use too, the seconds alone say little."""
    floor = statistics.median(one.seconds for one in took[FLOOR])
    for name, rounds in took.items():
        seconds = [one.seconds for one in rounds]
        middle, busy = statistics.median(seconds), statistics.median(one.busy for one in rounds)
        print(
            f"{name:<28}{middle:>8.2f} s ({min(seconds):.2f}-{max(seconds):.2f}){accounts / middle:>12,.0f} accounts/s"
            f"{middle / floor:>8.2f} x; of the processors {busy / accounts * 1e6:.1f} us an account"
        )


def _show_peer(seconds: float, accounts: int, rounds: int) -> None:
    """Whole accounts of six stores, beside single rows of one table in two databases."""
    try:
        rows = statistics.median(rows_per_second(accounts, rounds))
    except LeftOut as error:
        print(error)
        return
    print(
        f"{NAME}: {rows:,.0f} rows/s of one table pair; a sweep {accounts / seconds / rows:.2f} accounts for each row"
    )


def _copy() -> None:
    for database, tables in [*((store, list(named)) for store, named in TABLES.items()), ("recon", ["stripe_object"])]:
        url = os.environ["DATABASE_URL" if database == "recon" else f"SANDBOX_{database.upper()}_OWNER_URL"]
        for table in tables:
            statement = f"copy {table} to stdout (format binary)"
            subprocess.run(
                [wheel_bin() / "psql", make_conninfo(url), "-qc", statement], stdout=subprocess.DEVNULL, check=True
            )


def _sweep() -> None:
    from recon.actions import equipment
    from recon.actions.sweep import begin_sweep

    _refresh()
    sweeper = equipment.sweeper()
    _work_off(begin_sweep(sweeper, actor="bench"))


def _answer_changed() -> None:
    """What the triggers noted comes in, and the workers answer it."""
    from django.db.models import F

    from recon.actions.receive_store_events import StoreEvent, receive_store_events
    from recon.models import Dirty
    from recon.tasks.recompute import recompute_due

    _refresh()
    now = datetime.now(UTC)
    for first in range(0, len(_changed), CHUNK):
        told = _changed[first : first + CHUNK]
        receive_store_events([StoreEvent("subs_customer", f"{now} {id}", id, now) for id in told], now=now)
    for _ in range(PROCESSES):
        recompute_due.delay()
    while Dirty.objects.filter(gen__gt=F("done_gen")).exists():
        time.sleep(0.02)


def _work_off(run: object) -> None:
    from django.utils import timezone

    from recon.actions.run_sweep import work_in_queue
    from recon.actions.sweep import finish_sweep
    from recon.models import SweepRun
    from recon.tasks.sweep import sweep_chunk

    assert isinstance(run, SweepRun)
    work_in_queue(lambda id: sweep_chunk.delay(id), at_once=AT_ONCE)(run, lambda *_: None)
    assert finish_sweep(run, now=timezone.now()).finished_at is not None


def _refresh() -> None:
    """The mirror is as of now: refreshing it is another bench's."""
    from recon.models import MirrorSync

    now = datetime.now(UTC)
    MirrorSync.objects.update(started_at=now, completed_at=now)


_changed: list[str] = []


def _change() -> None:
    """Another name for one customer in a thousand, which changes nobody's truth."""
    with psycopg.connect(os.environ["SANDBOX_SUBS_CUSTOMER_OWNER_URL"]) as conn:
        rows = conn.execute(
            "update customers set name = 'Company ' || gen_random_uuid()"
            " where right(account_id, 9)::int %% %s = 7 returning account_id",
            [ONE_IN],
        )
        _changed[:] = sorted(account_id for (account_id,) in rows)


def _show_full(watched: Watched, took: dict[str, list[Took]], accounts: int) -> None:
    changed = statistics.median(one.seconds for one in took[ALONE])
    for name in ("full sweep, all new", "full sweep, again"):
        busy = watched.busy
        seconds, sample, counts = full_sweep(accounts)
        each, everybody = (watched.busy - busy) / sample, seconds * accounts / sample
        print(f"{name}: {sample:,} accounts in {seconds:.1f} s, of the worker {each * 1e6:.0f} us each; {counts}")
        print(f"  everybody: about {everybody:.0f} s; those that changed alone: {changed / everybody:.4f} of it")


def full_sweep(accounts: int) -> tuple[float, int, dict[str, int]]:
    """Of a sample: seconds, how many accounts, and what became of them."""
    from recon.actions import equipment
    from recon.actions.sweep import begin_sweep
    from recon.queries.runs import looked_at

    _refresh()
    sweeper = equipment.sweeper()
    run = begin_sweep(sweeper, actor="bench", full=True)
    run.chunks.filter(number__gte=max(1, min(SAMPLE, accounts) // CHUNK)).delete()
    began = time.perf_counter()
    _work_off(run)
    seconds = time.perf_counter() - began
    return seconds, sum(map(len, run.chunks.values_list("account_ids", flat=True))), looked_at(run.id)


if __name__ == "__main__":
    main()
