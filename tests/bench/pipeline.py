"""Reading, the rules, keeping: the sweep and its parts, against building the facts and against a bare COPY."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
from django.conf import settings
from psycopg import sql

from recon import bootstrap
from recon.actions import equipment
from recon.actions.read_stores import ChunkReading, read_chunk, read_live
from recon.actions.run_sweep import refresh_mirror, work_here
from recon.actions.sweep import Sweeper, begin_sweep, finish_sweep, known_accounts
from recon.engine.case import facts_from_readings
from recon.engine.pipeline import recompute
from recon.models import StripeObject
from tests.bench.figure import Figure, rate, rate_once, rates_in_turn

CHUNK = 500
LIVE = 50
ROUNDS = 5


def figures() -> Iterator[Figure]:
    sweeper = equipment.sweeper()
    yield Figure("mirror: a pass over Stripe's lists", "objects", rate_once(lambda: _fill_mirror(sweeper)))
    said = _read_all()
    yield from _rules(said)
    reading = rate(_read_all, len(said))
    copying = rate(_copy_all, len(said))
    yield Figure("read: five snapshots and the mirror, in chunks", "accounts", reading, "a bare COPY", copying)
    sweep = rate_once(lambda: _sweep(sweeper))
    yield Figure("sweep: read, rules, keep, one process", "accounts", sweep, "reading alone", reading)
    again = rate_once(lambda: _sweep(sweeper))
    yield Figure("sweep: again, while nothing changed", "accounts", again, "a bare COPY", copying)
    some = sorted(said)[:LIVE]
    live = rate(lambda: [read_live(sweeper.stores, account_id) for account_id in some], len(some))
    yield Figure("read one account live, six stores", "accounts", live, "reading in chunks", reading)


def _rules(said: dict[str, ChunkReading]) -> Iterator[Figure]:
    rules, now = equipment.rules(), datetime.now(UTC)

    def facts_of_all() -> list[object]:
        return [facts_from_readings(id, one.readings, livemode=rules.livemode) for id, one in said.items()]

    facts = [facts_from_readings(id, one.readings, livemode=rules.livemode) for id, one in said.items()]

    def judge_all() -> list[object]:
        return [recompute(one, rules.policy, now) for one in facts]

    built, judged = rates_in_turn([facts_of_all, judge_all], len(facts), ROUNDS)
    yield Figure("facts: rows checked and typed", "accounts", built)
    yield Figure("rules: truth, drift, plan", "accounts", judged, "a loop that builds the same facts", built, goal=0.25)


def _read_all() -> dict[str, ChunkReading]:
    stores = bootstrap.stores()
    ids = list(known_accounts(stores))
    said: dict[str, ChunkReading] = {}
    for start in range(0, len(ids), CHUNK):
        said |= read_chunk(stores, ids[start : start + CHUNK])
    return said


def _copy_all() -> None:
    """The same rows of the five databases, as fast as the server gives them."""
    for store in bootstrap.DATABASE_STORES:
        with psycopg.connect(settings.STORES[store.name]) as conn, conn.cursor() as cursor:
            for table in store.tables:
                with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table.name))) as copy:
                    for _ in copy:
                        pass


def _fill_mirror(sweeper: Sweeper) -> int:
    refresh_mirror(sweeper, equipment.pace(), _silent)
    return StripeObject.objects.count()


def _sweep(sweeper: Sweeper) -> int:
    run = begin_sweep(sweeper, actor="bench")
    work_here(lambda: sweeper)(run, _silent)
    finish_sweep(run, now=sweeper.clock())
    return run.accounts


def _silent(done: int, total: int | None = None) -> None:
    return None
