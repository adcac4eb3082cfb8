"""Look at every account that any store knows, in chunks: a snapshot per database and chunk, Stripe from the mirror.

`begin_sweep` leaves out who is unchanged and writes the chunks of the others down, `sweep_chunk` does one (in this
process or in a worker, once or twice), and `finish_sweep` closes the run when none is left. An unfinished run goes on
where it was. Accounts that are proved unchanged, many at once or in their chunk, are not evaluated again; a full sweep
evaluates them too, and counts those of which that was a mistake.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, groupby, islice

from django.db import connection, transaction
from django.db.models import F

from recon.actions.count_queues import count_queues
from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actions.evaluate import Rules, evaluate
from recon.actions.keep_evaluations import Evaluated, is_known, keep_evaluations
from recon.actions.keep_point import keep_point
from recon.actions.policy_turn import share_policy_turn
from recon.actions.read_stores import DATABASES, ChunkReading, Stores, bulk, read_chunk, read_live
from recon.actions.unchanged import prove_unchanged, reads_at, with_fingerprint
from recon.actions.unchanged_shards import leave_out_unchanged
from recon.models import AccountState, Dirty, SweepChunk, SweepRun, Trigger
from recon.queries.drift import evaluated_account_ids
from recon.queries.mirror import claimed_account_ids, mirror_as_of

CHUNK = 500
FIRST_CHUNKS = 20  # a small company's are spread over all workers
LATER_CHUNK = 5_000  # what a question to the stores costs is shared by many
AT_ONCE = 500  # evaluated and kept together: what stands in memory
PAGE = 5_000
GIVE_UP_RESUMING_AFTER = timedelta(hours=6)
CLAIMED = "select account from dirty where account = any(%s) and token is not null"


@dataclass(frozen=True, slots=True)
class Sweeper:
    """What every chunk needs: the stores, the rules and a clock; and for how long a drift that is new has to last."""

    stores: Stores
    rules: Rules
    clock: Callable[[], datetime]
    lag: timedelta = timedelta(0)


def begin_sweep(sweeper: Sweeper, *, actor: str, full: bool = False) -> SweepRun:
    """The run to work on: the unfinished one of its kind, or a new one with its chunks. Raises StoreUnreachable when a
    database cannot say which accounts it knows: a sweep that misses accounts would call them clean."""
    now = sweeper.clock()
    unfinished = SweepRun.objects.filter(
        finished_at__isnull=True, started_at__gt=now - GIVE_UP_RESUMING_AFTER, is_full=full
    ).last()
    if unfinished is not None:
        return unfinished
    run = SweepRun(started_at=now, actor=actor, is_full=full)
    if full:
        return _written(run, known_accounts(sweeper.stores))
    run.proved_reads = reads_at(now)
    run.proved_at = now if run.proved_reads else None
    narrowed = leave_out_unchanged(sweeper.stores, sweeper.rules, now)
    if narrowed is None:
        return _written(run, known_accounts(sweeper.stores))
    run.unchanged = narrowed.unchanged
    return _written(run, narrowed.due)


def _written(run: SweepRun, account_ids: Iterable[str]) -> SweepRun:
    """With its chunks."""
    with transaction.atomic():
        run.accounts = run.unchanged
        run.save()
        for number, chunk in enumerate(_chunks(iter(account_ids))):
            SweepChunk.objects.create(run=run, number=number, account_ids=chunk)
            run.accounts += len(chunk)
        run.save(update_fields=["accounts"])
    return run


def known_accounts(stores: Stores) -> Iterator[str]:
    """Every account id that a database holds, a Stripe customer names, or an earlier evaluation knows.

    The last, because an account that has left every store must not keep its state for ever. Once each where the
    databases sort by bytes; one that sorts by a language may bring an account again, which is one more look at it.
    """
    rosters = [_pages(bulk(stores, name).account_ids) for name in DATABASES]
    merged = heapq.merge(*rosters, claimed_account_ids(), evaluated_account_ids())
    return (account_id for account_id, _ in groupby(merged))


def open_chunks(run: SweepRun) -> list[int]:
    return list(run.chunks.filter(done_at__isnull=True).order_by("number").values_list("id", flat=True))


def sweep_chunk(chunk_id: int, sweeper: Sweeper) -> int:
    """Evaluate and keep one chunk; the number of its accounts. One that is done already is left alone."""
    chunk = SweepChunk.objects.select_related("run").get(id=chunk_id)
    if chunk.done_at is None:
        chunk.counts = dict(_do(chunk, sweeper))
        chunk.done_at = sweeper.clock()
        chunk.save(update_fields=["counts", "done_at"])
    return len(chunk.account_ids)


def _do(chunk: SweepChunk, sweeper: Sweeper) -> Counter[str]:
    """How many were `unchanged`; of the others, how many verdicts are `known` and `unknown`, and how many wait for a
    second look (`suspects`); and how many a full sweep found otherwise that were thought unchanged (`missed`)."""
    now = sweeper.clock()
    claimed = _claimed(chunk.account_ids)
    free = [account_id for account_id in chunk.account_ids if account_id not in claimed]
    same = prove_unchanged(free, sweeper.stores, sweeper.rules, now)
    due, counts = chunk.account_ids, Counter[str]()
    if not chunk.run.is_full:
        due = [account_id for account_id in chunk.account_ids if account_id not in same]
        counts["unchanged"] = len(same)
    for first in range(0, len(due), AT_ONCE):
        counts += _evaluate_and_keep(due[first : first + AT_ONCE], same, chunk.run.actor, sweeper)
    return +counts


def _evaluate_and_keep(account_ids: list[str], same: Container[str], actor: str, sweeper: Sweeper) -> Counter[str]:
    evaluated = evaluate_chunk(account_ids, sweeper, live=_claimed(account_ids))
    with transaction.atomic():
        share_policy_turn()
        _try_again_later(evaluated, sweeper.clock())
        suspects = _suspects(evaluated, sweeper)
        settled = [one for one in evaluated if one.account_id not in suspects]
        states = keep_evaluations(settled, trigger=Trigger.SWEEP, actor=actor)
    counts = Counter("known" if is_known(one.answer) else "unknown" for one in settled)
    counts["suspects"] = len(suspects)
    changed = suspects.union(one.account_id for one in states if one.changed_at == one.evaluated_at)
    counts["missed"] = sum(account_id in same for account_id in changed)
    return counts


def _suspects(evaluated: list[Evaluated], sweeper: Sweeper) -> set[str]:
    """Those that drift and did not when they were last looked at. What is on its way through the stores is no drift:
    they are read again after the lag, live, and until then stay as they were: not proved, when the sweep ends. One
    that is parked is none: nobody would read it again."""
    drifting = [one.account_id for one in evaluated if one.answer["drift"]["cells"]] if sweeper.lag else []
    clean = AccountState.objects.filter(account_id__in=drifting, is_known=True, drifted_cells=0)
    parked = Dirty.objects.filter(account__in=drifting, parked=True).values("account")
    suspects = set(clean.exclude(account_id__in=parked).values_list("account_id", flat=True))
    mark_dirty(suspects, sweeper.clock(), cause=Cause(CauseKind.SUSPECT), wait=sweeper.lag)
    AccountState.objects.filter(account_id__in=suspects).update(steady_by=None)
    return suspects


def evaluate_chunk(account_ids: list[str], sweeper: Sweeper, *, live: Container[str] = ()) -> list[Evaluated]:
    """Each as of the moment before it was read: what changed since then is for whoever reads after that. Of those who
    are `live`, Stripe itself is asked."""
    now = sweeper.clock()
    said = read_chunk(sweeper.stores, account_ids)
    is_stale = _mirror_is_stale(sweeper.rules, now)
    return [
        _evaluate_live(account_id, sweeper)
        if account_id in live
        else _evaluate_one(account_id, said[account_id], is_stale, now, sweeper)
        for account_id in account_ids
    ]


def finish_sweep(run: SweepRun, *, now: datetime) -> SweepRun:
    """Closed with its numbers when every chunk is done; else, or when it was closed before, as it was."""
    run.refresh_from_db()
    if run.finished_at is None and not run.chunks.filter(done_at__isnull=True).exists():
        run.finished_at, run.counts = now, keep_point(now=now).as_json()
        run.save(update_fields=["finished_at", "counts"])
        count_queues(now=now)
    return run


def finish_run_of(chunk_id: int, *, now: datetime) -> None:
    finish_sweep(SweepRun.objects.get(chunks=chunk_id), now=now)


def accounts_done(run: SweepRun) -> int:
    done: int = sum(run.chunks.filter(done_at__isnull=False).values_list(F("account_ids__len"), flat=True))
    return run.unchanged + done


def _evaluate_one(account_id: str, said: ChunkReading, is_stale: bool, now: datetime, sweeper: Sweeper) -> Evaluated:
    """From the mirror; from Stripe itself where the mirror cannot tell, or is too old for a verdict to stand on."""
    if said.mirror_suffices:
        evaluated = evaluate(account_id, said.readings, sweeper.rules, now)
        if is_known(evaluated.answer) or not is_stale:
            return with_fingerprint(evaluated, said, sweeper.rules)
    return _evaluate_live(account_id, sweeper)


def _evaluate_live(account_id: str, sweeper: Sweeper) -> Evaluated:
    began = sweeper.clock()
    return evaluate(account_id, read_live(sweeper.stores, account_id), sweeper.rules, began)


def _claimed(account_ids: list[str]) -> set[str]:
    """Those that a worker evaluates just now: it began before us and sees Stripe itself, the mirror only after it."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIMED, [account_ids])
        return {account_id for (account_id,) in cursor.fetchall()}


def _try_again_later(evaluated: list[Evaluated], now: datetime) -> None:
    """Accounts of which a read failed are retried one by one (T0), unless most of them did.

    A store that is down for all waits for the next sweep: it must not keep the workers from what happens meanwhile.
    An account that is parked waits for a person, or for news: the next sweep reads it again anyway.
    """
    failed = [one.account_id for one in evaluated if any(not reading.ok for reading in one.readings)]
    if 2 * len(failed) < len(evaluated):
        parked = Dirty.objects.filter(account__in=failed, parked=True).values_list("account", flat=True)
        mark_dirty(set(failed).difference(parked), now, once=True, cause=Cause(CauseKind.SWEEP))


def _mirror_is_stale(rules: Rules, now: datetime) -> bool:
    as_of = mirror_as_of()
    return as_of is None or now - as_of > rules.policy.freshness


def _pages(account_ids: Callable[[str, int], list[str]]) -> Iterator[str]:
    after = ""
    while page := account_ids(after, PAGE):
        yield from page
        after = page[-1]


def _chunks(account_ids: Iterator[str]) -> Iterator[list[str]]:
    for number in count():
        # Each once: what one transaction keeps of an account, it keeps once.
        chunk = list(dict.fromkeys(islice(account_ids, CHUNK if number < FIRST_CHUNKS else LATER_CHUNK)))
        if not chunk:
            return
        yield chunk
