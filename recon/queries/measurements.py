"""How the engine is, in numbers for a monitoring system: out of our own database, so that every web process says the
same, and a restart forgets nothing. No account, no person and no amount is among them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db import connection

from recon.models import Apply, ApplyState, AuditHead, BulkRepair, BulkState, Relapse, Switch
from recon.queries.failed_reads import failed_reads
from recon.queries.points import counted_now, read_count
from recon.queries.pulses import Pulses, pulses
from recon.queries.runs import mirror_state, sweeps
from recon.queries.status import EngineStatus, engine_status
from recon.queries.verifications import audit_proof

LATEST: Final = 1_000
A_DAY: Final = timedelta(days=1)
BEGUN: Final = (ApplyState.PREPARING, ApplyState.CALLING, ApplyState.COMMITTING, ApplyState.ABORTING)
ENDED: Final = (BulkState.DONE, BulkState.CANCELLED)
QUANTILES: Final = ("0.5", "0.99")
APPLIES: Final = "select state, refused, count(*) from apply group by state, refused"
INBOX: Final = """
select coalesce((select max(id) from inbox), 0),
    (select count(*) from inbox where status = 'unrouted'), (select count(*) from inbox where status = 'dead'),
    coalesce((select max(id) from recompute), 0)
"""
# From the oldest event of those that an evaluation answered to that evaluation.
LATENCY: Final = """
with latest as (
    select extract(epoch from at - (causes -> 0 ->> 'at')::timestamptz) as seconds
    from recompute where id > (select max(id) from recompute) - %(latest)s and causes -> 0 ->> 'kind' = 'event'
)
select percentile_cont(array[0.5, 0.99]) within group (order by seconds) from latest
"""
Samples = Mapping[tuple[str, ...], float]


class Kind(StrEnum):
    """A counter only grows."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Measurement:
    """`samples` are by the values of `labels`. Names have their unit at the end; without one they count things."""

    name: str
    help: str
    samples: Samples
    labels: tuple[str, ...] = ()
    kind: Kind = Kind.GAUGE


def measurements(*, now: datetime) -> Iterator[Measurement]:
    """All of them. A moment that never was has no sample."""
    yield from _drift()
    yield from _evaluation(engine_status(now=now), now)
    yield from _applies(now)
    yield from _parts(pulses(), now)
    yield from _passes(now)
    yield from _audit(now)


def _drift() -> Iterator[Measurement]:
    found = counted_now(read_count()).numbers
    heads = {
        "stuck_in_bad_debt": found.headlines.stuck_in_bad_debt,
        "inconsistent_debt_flags": found.headlines.inconsistent_debt_flags,
        "no_successful_payment": found.headlines.no_successful_payment,
    }
    yield _by("headline_accounts", "Accounts under each headline; the target is 0.", "headline", heads)
    yield _by("drift_accounts", "Accounts in each class of drift.", "class", found.classes)
    yield _by("drift_detail_accounts", "Accounts with each detail of a drift.", "detail", found.details)
    yield _by("finding_accounts", "Accounts with each finding that a person settles.", "finding", found.findings)
    yield _by("accounts", "Accounts by verdict.", "verdict", {"known": found.known, "unknown": found.unknown})
    yield _one("drifted_accounts", "Accounts with at least one cell that differs from the truth.", found.drifted)
    yield _one("withheld_accounts", "Drifted accounts whose plan is withheld.", found.withheld)
    yield _by("failed_read_accounts", "Accounts that a store could not tell of.", "store", failed_reads())


def _evaluation(status: EngineStatus, now: datetime) -> Iterator[Measurement]:
    received, unrouted, dead, recomputes = _row(INBOX)
    yield _counter("events_received_total", "Events taken in, each once.", received)
    yield _by("events_waiting", "Events without an account.", "status", {"unrouted": unrouted, "dead": dead})
    yield _counter("recomputes_total", "Accounts evaluated out of turn.", recomputes)
    (latency,) = _row(LATENCY, {"latest": LATEST})
    words = f"From an event to the evaluation that has seen it, of the latest {LATEST:,}."
    yield _by("intake_latency_seconds", words, "quantile", dict(zip(QUANTILES, latency or (), strict=False)))
    queue = {"due": status.queue.due, "later": status.queue.later, "parked": status.queue.parked_total}
    yield _by("queue_accounts", "Accounts that wait to be evaluated; parked ones wait for a person.", "wait", queue)
    yield _age("queue_oldest_age_seconds", "How long the first of them has waited.", status.queue.oldest, now)
    yield _one("outbox_events", "Events of ours that nobody was told of yet.", status.outbox.unpublished)
    yield _age("outbox_oldest_age_seconds", "How long the first of them has waited.", status.outbox.oldest, now)


def _applies(now: datetime) -> Iterator[Measurement]:
    with connection.cursor() as cursor:
        cursor.execute(APPLIES)
        ended: dict[str, float] = dict.fromkeys(("applied", "refused", "failed", "expired", "needs_person"), 0)
        for state, is_refused, number in cursor.fetchall():
            if (outcome := _outcome(state, is_refused)) in ended:
                ended[outcome] += number
    yield _by("applies_total", "Repairs by their end.", "outcome", ended, Kind.COUNTER)
    live = Apply.objects.filter(state__in=BEGUN)
    begun, running = live.count(), live.filter(lease_until__gt=now, waiting_for="").count()
    yield _one("applies_live", "Repairs that are under way.", begun)
    words = "Those of them whose coordinator is gone, or that wait for a store."
    yield _one("applies_in_doubt", words, begun - running)
    ended_badly = Apply.objects.filter(state=ApplyState.EXCEPTION, closed_at__gt=now - A_DAY).count()
    yield _one("applies_needing_person", "Repairs that a person has to look at, of the last day.", ended_badly)
    switches = dict(Switch.objects.values_list("name", "is_on"))
    yield _one("applies_paused", "1 while all applies are paused.", switches.get(Switch.APPLIES_PAUSED, False))
    opened = switches.get(Switch.AUTOMATIC_SEVERE_STOPPED, False)
    yield _one("breaker_open", "1 while automatic severe repairs wait for a person.", opened)
    standing = Relapse.objects.filter(released_at__isnull=True).count()
    yield _one("relapsed_cells", "Repaired cells that somebody changes back.", standing)
    runs = Counter(BulkRepair.objects.exclude(state__in=ENDED).values_list("state", flat=True))
    yield _by("bulk_repairs", "Bulk repairs that have not ended.", "state", runs)


def _outcome(state: str, is_refused: bool) -> str:
    if state == ApplyState.ABORTED:
        return "refused" if is_refused else "failed"
    return {ApplyState.DONE: "applied", ApplyState.EXPIRED: "expired", ApplyState.EXCEPTION: "needs_person"}.get(
        ApplyState(state), ""
    )


def _parts(seen: Pulses, now: datetime) -> Iterator[Measurement]:
    silent = {"worker": seen.worker, "beat": seen.beat}
    ages = {name: _seconds(at, now) for name, at in silent.items() if at is not None}
    yield _by("silent_seconds", "Since each part was last heard of.", "part", ages)
    up = {one.store: float(not one.why_not) for one in seen.stores}
    yield _by("store_up", "1 when the store answered when it was last asked.", "store", up)
    took = {one.store: one.ms / 1_000 for one in seen.stores if one.ms is not None}
    yield _by("store_answer_seconds", "How long it took to.", "store", took)
    asked = {one.store: _seconds(one.asked_at, now) for one in seen.stores}
    yield _by("store_asked_age_seconds", "Since it was.", "store", asked)
    prepared = {one.store: float(one.prepared) for one in seen.stores if one.prepared is not None}
    yield _by("prepared_transactions", "Prepared transactions of ours in the store.", "store", prepared)
    read_only = {one.store: float(bool(one.read_only)) for one in seen.stores}
    yield _by("store_read_only", "1 where no plan, or not every plan, can be written there.", "store", read_only)
    replicas = {one.store: one.replica for one in seen.stores if one.replica is not None}
    lags = {store: one.lag_s for store, one in replicas.items() if one.lag_s is not None}
    yield _by("replica_lag_seconds", "How far its replica is behind.", "store", lags)
    used = {store: float(not one.why_not) for store, one in replicas.items()}
    yield _by("replica_used", "1 where its replica is read; 0 where it is passed over.", "store", used)
    oldest = {one.store: _seconds(one.prepared_since, now) for one in seen.stores if one.prepared_since is not None}
    yield _by("prepared_oldest_age_seconds", "How long the first of them has been prepared.", "store", oldest)


def _passes(now: datetime) -> Iterator[Measurement]:
    passes, mirror = sweeps(), mirror_state()
    ended = passes.finished.finished_at if passes.finished else None
    yield _age("sweep_age_seconds", "Since the last whole sweep ended.", ended, now)
    running = passes.running
    done = running.chunks_done / running.chunks if running is not None and running.chunks else 0.0
    yield _one("sweep_running", "1 while one is under way.", running is not None)
    yield _one("sweep_done_ratio", "How much of it is done.", done)
    yield _age("mirror_age_seconds", "How old Stripe's mirror is.", mirror.as_of, now)


def _audit(now: datetime) -> Iterator[Measurement]:
    proof = audit_proof()
    entries = AuditHead.objects.values_list("seq", flat=True).get()
    yield _counter("audit_entries_total", "Entries of the audit.", entries)
    latest = proof.latest
    yield _age("audit_verified_age_seconds", "Since the chain was last walked.", latest.at if latest else None, now)
    whole: Samples = {} if latest is None else {(): float(not latest.problems)}
    yield Measurement("audit_whole", "1 when nothing was found wrong then.", whole)


def _one(name: str, words: str, value: float) -> Measurement:
    return Measurement(name, words, {(): float(value)})


def _counter(name: str, words: str, value: float) -> Measurement:
    return Measurement(name, words, {(): float(value)}, kind=Kind.COUNTER)


def _by(name: str, words: str, label: str, values: Mapping[str, float], kind: Kind = Kind.GAUGE) -> Measurement:
    return Measurement(name, words, {(key,): float(value) for key, value in values.items()}, (label,), kind)


def _age(name: str, words: str, since: datetime | None, now: datetime) -> Measurement:
    return Measurement(name, words, {} if since is None else {(): _seconds(since, now)})


def _seconds(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds())


def _row(sql: str, values: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: tuple[Any, ...] = cursor.fetchone()
    return found
