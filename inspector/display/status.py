"""The status page: whether each part of the engine does its work, and what to do about one that does not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse

from inspector.access import Permission
from inspector.display.audit import href_or_none
from inspector.display.deeds import actor_words
from inspector.display.drift import freshness
from inspector.display.moments import age_words, moment_words, span_words
from inspector.display.proof import Badge
from inspector.display.words import STORES, Tone, accounts_words, number_words
from recon.queries.pauses import Pause
from recon.queries.pulses import Pulses, StorePing
from recon.queries.runs import MirrorState, SweepState
from recon.queries.status import EngineStatus, OpenRepair, Parked

SILENT: Final = timedelta(seconds=40)
UNASKED: Final = timedelta(minutes=5)
WAITS_LONG: Final = timedelta(minutes=5)
START_WORKER: Final = "celery -A recon worker"
START_BEAT: Final = "celery -A recon beat"
SIGNS: Final = {Tone.GOOD: "✓", Tone.WARN: "!", Tone.BAD: "✕", Tone.QUIET: "·"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part: how it is in a few words, what that means, and the command that mends it (empty where none does)."""

    name: str
    said: str
    note: str
    tone: Tone
    command: str = ""

    @property
    def sign(self) -> str:
        return SIGNS[self.tone]


@dataclass(frozen=True, slots=True)
class RepairLine:
    """A repair that has not ended well, or not yet."""

    href: str
    entries_href: str
    account_id: str
    account_href: str
    state: str
    by: str
    at: str
    note: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class ParkedLine:
    """An account that is not evaluated any more until something happens to it."""

    account_id: str
    account_href: str
    attempts: int
    error: str
    since: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """Whether all applies are paused, in words; `permission` says whether the reader may change that."""

    is_on: bool
    words: str
    reason: str
    permission: Permission


@dataclass(frozen=True, slots=True)
class StatusPage:
    """The whole page; `summary` is the worst of it in a sentence."""

    summary: str
    tone: Tone
    sign: str
    stores: tuple[Part, ...]
    engine: tuple[Part, ...]
    badge: Badge
    freeze: Freeze
    repairs: tuple[RepairLine, ...]
    repairs_more: int
    parked: tuple[ParkedLine, ...]
    parked_more: int
    facts: tuple[tuple[str, str], ...]


def status_page(
    status: EngineStatus,
    heard: Pulses,
    *,
    sweep: SweepState | None,
    mirror: MirrorState,
    failed: Mapping[str, int],
    badge: Badge,
    freeze: Freeze,
    facts: Sequence[tuple[str, str]],
    now: datetime,
) -> StatusPage:
    stores = tuple(_stores(heard, sweep, mirror, failed, now))
    engine = (
        _worker(heard, now),
        _beat(heard, now),
        _queue(status, now),
        _outbox(status, now),
        _sweep(sweep, now),
        _mirror(mirror, now),
    )
    repairs = tuple(_repair(one, now) for one in (*status.needs_person, *status.open_repairs))
    ill = [*stores, *engine]
    summary, tone = _summary(ill, badge, freeze, repairs)
    return StatusPage(
        summary=summary,
        tone=tone,
        sign=SIGNS[tone],
        stores=stores,
        engine=engine,
        badge=badge,
        freeze=freeze,
        repairs=repairs,
        repairs_more=status.open_total - len(status.open_repairs),
        parked=tuple(_parked(one, now) for one in status.queue.parked),
        parked_more=status.queue.parked_total - len(status.queue.parked),
        facts=(*facts, ("PostgreSQL", status.database)),
    )


def freeze(pause: Pause | None, permission: Permission, now: datetime) -> Freeze:
    if pause is None:
        return Freeze(False, "Plans may be applied.", "", permission)
    since = f"{moment_words(pause.set_at)} UTC, {age_words(pause.set_at, now)}"
    return Freeze(
        True, f"All applies are paused by {actor_words(pause.set_by)} since {since}.", pause.reason, permission
    )


def _summary(parts: Sequence[Part], badge: Badge, freeze: Freeze, repairs: Sequence[RepairLine]) -> tuple[str, Tone]:
    bad = [part.name for part in parts if part.tone is Tone.BAD]
    bad += ["the audit"] if badge.tone is Tone.BAD else []
    warned = [part.name for part in parts if part.tone is Tone.WARN]
    warned += ["the audit"] if badge.tone is Tone.WARN else []
    doubtful = sum(one.tone is not Tone.QUIET for one in repairs)
    warned += [f"{number_words(doubtful)} repairs" if doubtful > 1 else "a repair"] if doubtful else []
    warned += ["all applies are paused"] if freeze.is_on else []
    if bad:
        return f"Out of order: {', '.join(bad)}.", Tone.BAD
    return (f"Look at: {', '.join(warned)}.", Tone.WARN) if warned else ("Everything does its work.", Tone.GOOD)


def _stores(
    heard: Pulses, sweep: SweepState | None, mirror: MirrorState, failed: Mapping[str, int], now: datetime
) -> Iterator[Part]:
    asked = {ping.store: ping for ping in heard.stores}
    read = {fresh.name: fresh for fresh in freshness(sweep, mirror, failed, now)}
    for store, name in STORES.items():
        last = read[name]
        note = f"Last read in bulk {last.age}. {last.note}"
        ping = asked.get(store)
        if ping is None:
            yield Part(name, "Never asked", note, Tone.WARN)
        elif ping.why_not:
            yield Part(name, f"No answer {age_words(ping.asked_at, now)}", ping.why_not, Tone.BAD)
        elif now - ping.asked_at > UNASKED:
            yield Part(name, f"Answered {age_words(ping.asked_at, now)}", f"Not asked since. {note}", Tone.WARN)
        else:
            said, worse = _limits(ping)
            tone = Tone.WARN if store in failed or worse else Tone.GOOD
            answers = f"Answers in {number_words(ping.ms or 0)} ms, {age_words(ping.asked_at, now)}"
            yield Part(name, answers, " ".join((note, *said)), tone)


def _limits(ping: StorePing) -> tuple[list[str], bool]:
    """Of its replica, and of what is only read; and whether somebody should look at it."""
    said = []
    if ping.replica is not None and ping.replica.why_not:
        said.append(f"Its replica is passed over, and the primary read instead: {ping.replica.why_not}")
    elif ping.replica is not None:
        said.append(f"Its replica was {ping.replica.lag_s or 0:.1f} s behind.")
    said += dict.fromkeys(ping.read_only.values())
    return said, bool(ping.read_only) or bool(ping.replica and ping.replica.why_not)


def _worker(heard: Pulses, now: datetime) -> Part:
    seen = heard.worker
    if seen is not None and now - seen <= SILENT:
        return Part("Worker", f"Answered {age_words(seen, now)}", "Repairs and evaluations are carried out.", Tone.GOOD)
    silence = f"No worker has answered for {span_words(now - seen)}" if seen else "No worker has ever answered"
    return Part("Worker", silence, "Repairs stay queued, and nothing is lost. Start one:", Tone.BAD, START_WORKER)


def _beat(heard: Pulses, now: datetime) -> Part:
    seen = heard.beat
    if seen is not None and now - seen <= SILENT:
        return Part("Schedule", f"Called {age_words(seen, now)}", "Sweeps, timers and recovery are begun.", Tone.GOOD)
    silence = f"The schedule has not called for {span_words(now - seen)}" if seen else "The schedule has never called"
    note = "Nothing begins by itself: no sweep, no timer, no recovery. With a worker running, start the schedule:"
    return Part("Schedule", silence, note, Tone.BAD, START_BEAT)


def _queue(status: EngineStatus, now: datetime) -> Part:
    queue = status.queue
    parked = f"{number_words(queue.parked_total)} parked" if queue.parked_total else ""
    tone = Tone.WARN if parked else Tone.GOOD
    if not queue.due and not queue.later:
        return Part("Queue", parked or "Empty", "Nobody waits to be evaluated.", tone)
    said = ", ".join(filter(None, [f"{number_words(queue.due)} due", parked]))
    note = f"The oldest was marked {age_words(queue.oldest, now)}; {number_words(queue.later)} are tried again later."
    is_late = queue.oldest is not None and bool(queue.due) and now - queue.oldest > WAITS_LONG
    return Part("Queue", said, note, Tone.WARN if is_late else tone)


def _outbox(status: EngineStatus, now: datetime) -> Part:
    outbox = status.outbox
    if not outbox.unpublished or outbox.oldest is None:
        return Part("Events", "All published", "Nobody waits to be told of anything.", Tone.GOOD)
    said = f"{number_words(outbox.unpublished)} unpublished, the oldest {age_words(outbox.oldest, now)}"
    is_late = now - outbox.oldest > WAITS_LONG
    return Part("Events", said, "They are published in order, by the schedule.", Tone.WARN if is_late else Tone.QUIET)


def _sweep(sweep: SweepState | None, now: datetime) -> Part:
    if sweep is None:
        return Part("Sweep", "Never", "No account was ever swept.", Tone.WARN, "manage.py sweep")
    if sweep.finished_at is None:
        done = f"{number_words(sweep.chunks_done)} of {number_words(sweep.chunks)} parts"
        return Part("Sweep", f"Under way, {done}", f"Begun {age_words(sweep.started_at, now)}.", Tone.QUIET)
    is_late = now - sweep.finished_at > timedelta(hours=2)
    note = f"{accounts_words(sweep.accounts)} in {span_words(sweep.finished_at - sweep.started_at)}."
    return Part("Sweep", f"Finished {age_words(sweep.finished_at, now)}", note, Tone.WARN if is_late else Tone.GOOD)


def _mirror(mirror: MirrorState, now: datetime) -> Part:
    if mirror.as_of is None:
        return Part("Mirror of Stripe", "Never filled", "Sweeps cannot judge.", Tone.WARN, "manage.py sync_stripe")
    reading = f"Reading {mirror.reading.replace('_', ' ')} now." if mirror.reading else "Read in full."
    is_late = now - mirror.as_of > timedelta(hours=1)
    said = f"As of {age_words(mirror.as_of, now)}"
    return Part("Mirror of Stripe", said, reading, Tone.WARN if is_late else Tone.GOOD)


def _repair(one: OpenRepair, now: datetime) -> RepairLine:
    states = {
        "approved": ("Queued", "A worker takes it.", Tone.QUIET),
        "exception": ("Needs a person", one.explanation, Tone.BAD),
    }
    doubt = ("In doubt", f"Waits for {one.waiting_for}." if one.waiting_for else "Recovery settles it.", Tone.WARN)
    running = ("Running", "", Tone.QUIET)
    state, note, tone = states.get(one.state) or (doubt if one.is_in_doubt else running)
    late = one.state == "approved" and now - one.created_at > SILENT
    return RepairLine(
        href=href_or_none("repair", str(one.apply_id)),
        entries_href=f"{reverse('audit')}?apply={one.apply_id}",
        account_id=one.account_id,
        account_href=href_or_none("account", one.account_id),
        state=state,
        by=actor_words(one.approved_by),
        at=age_words(one.created_at, now),
        note="No worker has taken it yet." if late else note,
        tone=Tone.WARN if late else tone,
    )


def _parked(one: Parked, now: datetime) -> ParkedLine:
    account_href = href_or_none("account", one.account_id)
    return ParkedLine(one.account_id, account_href, one.attempts, one.error, age_words(one.since, now))
