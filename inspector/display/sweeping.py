"""The sweep in words: how far, until when, when the last one ended and when the next begins."""

from dataclasses import dataclass
from datetime import datetime

from inspector.display.moments import age_words, span_words
from inspector.display.words import accounts_words
from recon.queries.runs import Sweeps, SweepState


@dataclass(frozen=True, slots=True)
class SweepLine:
    """One thing about the sweeps; `note` explains it."""

    name: str
    said: str
    note: str


@dataclass(frozen=True, slots=True)
class SweepView:
    """`percent` is how far the sweep under way is."""

    is_running: bool
    percent: int
    lines: tuple[SweepLine, ...]


def sweep_view(found: Sweeps, next_at: datetime, now: datetime) -> SweepView:
    running, finished = found.running, found.finished
    lines = [_finished(finished, now)]
    if running is None:
        lines.append(SweepLine("Next", age_words(next_at, now), f"At {next_at:%H:%M}, by the schedule."))
        return SweepView(False, 100, tuple(lines))
    return SweepView(True, _percent(running), (_running(running, now), *lines))


def _running(sweep: SweepState, now: datetime) -> SweepLine:
    about = f"{sweep.chunks_done} of {sweep.chunks} parts, {accounts_words(sweep.accounts)} in all"
    return SweepLine("Under way", f"{_percent(sweep)} %", f"{about}; {_left(sweep, now)}.")


def _left(sweep: SweepState, now: datetime) -> str:
    """The pace so far, carried on."""
    if not sweep.chunks_done:
        return f"begun {age_words(sweep.started_at, now)}"
    so_far = now - sweep.started_at
    return f"about {span_words(so_far * (sweep.chunks - sweep.chunks_done) / sweep.chunks_done)} left"


def _finished(sweep: SweepState | None, now: datetime) -> SweepLine:
    if sweep is None or sweep.finished_at is None:
        return SweepLine("Last finished", "never", "Run manage.py sweep.")
    took = span_words(sweep.finished_at - sweep.started_at)
    return SweepLine("Last finished", age_words(sweep.finished_at, now), f"{accounts_words(sweep.accounts)} in {took}.")


def _percent(sweep: SweepState) -> int:
    return 100 * sweep.chunks_done // sweep.chunks if sweep.chunks else 100
