"""A bulk repair in words: what it amounts to, how far it is, what may be done, and what came of each account."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from inspector.access import Permission
from inspector.display.bulk_proposals import (
    VerbTotal,
    aside_words,
    sample_words,
    slow_words,
    still_words,
    verb_totals,
    with_words,
)
from inspector.display.bulk_words import (
    OPEN,
    OUTCOMES,
    STAGES,
    STATES_OF_RUN,
    items_words,
    selection_words,
    totals_lines,
    who_words,
)
from inspector.display.deed_form import Button, Typed
from inspector.display.moments import clock_words, moment_words, span_words
from inspector.display.proposals import proposal_words
from inspector.display.words import Word, accounts_words, number_words, word
from recon.actors import BULK
from recon.queries.bulk import BulkLine, BulkRun

BAR_WIDTH: Final = 1_000
NOBODY_AFTER: Final = timedelta(seconds=10)
REASON_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the bar; `code` is the outcome."""

    code: str
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Count:
    """So many accounts with an outcome, and the page of these alone."""

    word: Word
    number: str
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class StageLine:
    """`code` is done, now or waiting."""

    code: str
    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """What came of an account or a proposal; `repair_href` is empty where nothing was begun, `answer` is Stripe's."""

    number: str
    account_id: str
    href: str
    what: str
    word: Word
    explanation: str
    answer: str
    repair_href: str
    done_at: str


@dataclass(frozen=True, slots=True)
class Rights:
    """What the reader may do with this run; the sentence says why not."""

    start: Permission
    second: Permission
    pause: Permission
    go_on: Permission
    cancel: Permission


@dataclass(frozen=True, slots=True)
class BulkPage:
    """`verbs` are the kinds of calls of a run of proposals; `final`, while it is a draft, the number that its starter
    types, where some of them cannot be taken back; `still` says what a finished run leaves to be done in Stripe. `seen`
    names all that the page shows of the run: whoever asks again with it is answered on a change only."""

    id: int
    title: str
    word: Word
    sentence: str
    pace: str
    by: str
    reason: str
    chosen: str
    chosen_href: str
    left_out: str
    is_of_proposals: bool
    verbs: tuple[VerbTotal, ...]
    also: str
    final: str
    slow: str
    still: str
    totals: tuple[tuple[str, tuple[str, ...]], ...]
    sample: tuple[tuple[str, str, str], ...]
    is_preview: bool
    done: str
    percent: int
    bar: tuple[Segment, ...]
    bar_words: str
    stages: tuple[StageLine, ...]
    counts: tuple[Count, ...]
    buttons: tuple[Button, ...]
    typed: Typed
    lines: tuple[OutcomeLine, ...]
    next_href: str
    first_href: str
    csv_href: str
    again_href: str
    is_moving: bool
    poll_href: str
    seen: str
    reason_length: int = REASON_LENGTH


def bulk_page(
    run: BulkRun,
    lines: Sequence[BulkLine],
    rights: Rights,
    *,
    typed: Typed,
    outcome: str,
    after: int,
    size: int,
    now: datetime,
    still_proposing: int = 0,
) -> BulkPage:
    """`still_proposing` of its accounts have proposals to Stripe by now. `lines` holds one more than a page where
    another page follows; `outcome` is the one that is asked for."""
    here = reverse("bulk_repair", args=[run.id])
    in_url = {"outcome": outcome, "after": str(after) if after else ""}
    shown = lines[:size]
    chosen, chosen_href = selection_words(run)
    sentence, pace = _sentence(run, now), _pace(run)
    slow = slow_words(run)
    seen = _seen(run, sentence, pace, slow)
    return BulkPage(
        id=run.id,
        title=f"{'Stripe proposals, run' if run.is_of_proposals else 'Bulk repair'} {run.id}: "
        f"{items_words(run, run.accounts)}",
        word=STATES_OF_RUN[run.state],
        sentence=sentence,
        pace=pace,
        by=_by(run),
        reason=run.reason,
        chosen=chosen,
        chosen_href=chosen_href,
        left_out=_left_out(run),
        is_of_proposals=run.is_of_proposals,
        verbs=verb_totals(run.totals),
        also=with_words(run) if run.is_of_proposals else aside_words(run),
        final=number_words(run.totals["final"]) if run.state == "drafted" and run.totals.get("final") else "",
        slow=slow,
        still=still_words(still_proposing),
        totals=totals_lines(run.totals) if run.totals.get("writes") else (),
        sample=_sample(run),
        is_preview=run.state in {"drafted", "waiting_for_second"},
        done=f"{number_words(run.done)} of {items_words(run, run.accounts)}",
        percent=100 * run.done // run.accounts if run.accounts else 100,
        bar=_bar(run),
        bar_words=", ".join(f"{OUTCOMES[name].text}: {number_words(n)}" for name, n in run.outcomes.items() if n),
        stages=_stages(run),
        counts=_counts(run, here, outcome),
        buttons=_buttons(run, rights),
        typed=typed,
        lines=tuple(_line(line, now) for line in shown),
        next_href=_href(here, in_url | {"after": str(shown[-1].id)}) if len(lines) > size else "",
        first_href=_href(here, {"outcome": outcome}) if after else "",
        csv_href=_href(reverse("bulk_csv", args=[run.id]), {"outcome": outcome}),
        again_href=reverse("begin_proposals" if run.is_of_proposals else "begin_bulk")
        if run.outcomes["refused_moved"] and run.state in {"done", "cancelled"}
        else "",
        is_moving=run.state in {"running", "waiting_for_second"},
        poll_href=_href(here, in_url | {"seen": seen}),
        seen=seen,
    )


def csv_rows(lines: Iterable[BulkLine], *, is_of_proposals: bool = False) -> Iterator[tuple[object, ...]]:
    """Headings first, then one row for each account or proposal."""
    of_call = ("proposal", "http_status", "stripe_code") if is_of_proposals else ()
    yield ("position", "account", "outcome", "explanation", "repair", "done_at", "digest", *of_call)
    for line in lines:
        at = line.done_at.isoformat().replace("+00:00", "Z") if line.done_at else ""
        code = line.outcome or OPEN.code
        call = (line.proposal, line.http_status or "", line.code) if is_of_proposals else ()
        yield (line.position + 1, line.account_id, code, line.explanation, line.apply_id or "", at, line.digest, *call)


def _sample(run: BulkRun) -> tuple[tuple[str, str, str], ...]:
    """(account, its page, what is proposed)."""
    sampled = sample_words(run) or tuple((one, "") for one in run.totals.get("sample", ()))
    return tuple((account, reverse("account", args=[account]), what) for account, what in sampled)


def _sentence(run: BulkRun, now: datetime) -> str:
    told = {
        "drafted": "Nothing has been started. Look at what it amounts to and read some of the plans.",
        "waiting_for_second": "Nothing has been written: somebody else of finance or admin has to approve it.",
        "paused": _stopped(run),
        "done": "Every proposal has its outcome." if run.is_of_proposals else "Every account has its outcome.",
        "cancelled": f"Cancelled by {who_words(run.stopped_by)}: {run.stop_reason}",
    }
    return told.get(run.state) or _running(run, now)


def _stopped(run: BulkRun) -> str:
    by_itself = run.stopped_by == BULK
    who = "It stopped by itself" if by_itself else f"Paused by {who_words(run.stopped_by)}"
    return f"{who}: {run.stop_reason} What had begun was finished; nothing new begins until somebody lets it go on."


def _running(run: BulkRun, now: datetime) -> str:
    if run.began_at and not run.done and now - run.began_at > NOBODY_AFTER:
        return "No worker has taken it yet. Nothing has been written. It goes on by itself when one runs."
    return {
        "canary": "The first five go ahead: the run stops unless every one of them succeeds.",
        "fifty": "The first five succeeded. Fifty more, then the rest.",
        "rest": "The rest. The run stops by itself when more than 2 % fail.",
    }[run.stage]


def _pace(run: BulkRun) -> str:
    if not run.per_second:
        return ""
    left = timedelta(seconds=(run.accounts - run.done) / run.per_second)
    return f"{run.per_second:.1f} a second, about {span_words(left)} to go"


def _by(run: BulkRun) -> str:
    began = f"started by {who_words(run.actor)}" if run.state != "drafted" else f"drafted by {who_words(run.actor)}"
    second = f", approved by {who_words(run.second)}" if run.second else ""
    return f"{began.capitalize()}{second}, list frozen {moment_words(run.frozen_at)} UTC"


def _left_out(run: BulkRun) -> str:
    number, nothing = run.totals.get("without_plan", 0), "nothing to write"
    if run.is_of_proposals:
        nothing = "nothing of the kind proposed to Stripe"
    why = f"of the selection left out: {nothing}, no known verdict, or accepted"
    left = f"{accounts_words(number)} {why}." if number else ""
    return " ".join(filter(None, (left, _undone(run), _read_only(run), _changed(run))))


def _read_only(run: BulkRun) -> str:
    """Whose plans nothing can be written of, and what to do."""
    told = run.totals.get("read_only")
    if not told:
        return ""
    return f"{accounts_words(told['accounts'])} left out, because nothing can be written there: {' '.join(told['why'])}"


def _undone(run: BulkRun) -> str:
    """Accounts that a person undid a repair of; each is approved on its own page, or not at all."""
    undone = run.totals.get("undone")
    if not undone:
        return ""
    first = ", ".join(f"{account} undone by {who_words(by)} on {at[:10]}" for account, by, at in undone["first"])
    more = " and more" if undone["accounts"] > len(undone["first"]) else ""
    return f"{accounts_words(undone['accounts'])} left out, because a repair was undone: {first}{more}."


def _changed(run: BulkRun) -> str:
    """The list that one was looking at may have been another one by the time that it was frozen."""
    shown, asked = run.totals.get("shown", 0), run.totals.get("asked", 0)
    if shown == asked:
        return ""
    return f"The list said {accounts_words(shown)}; {number_words(asked)} matched when it was frozen."


def _bar(run: BulkRun) -> tuple[Segment, ...]:
    segments, x = [], 0.0
    for name, number in run.outcomes.items():
        width = BAR_WIDTH * number / run.accounts if run.accounts else 0.0
        if number:
            segments.append(Segment(name, f"{x:.1f}", f"{width:.1f}"))
        x += width
    return tuple(segments)


def _stages(run: BulkRun) -> tuple[StageLine, ...]:
    names = list(STAGES)[: 1 if run.accounts <= 5 else 2 if run.accounts <= 55 else 3]
    if run.began_at is None:
        return tuple(StageLine("waiting", "·", STAGES[name]) for name in names)
    at = len(names) if run.state == "done" else min(list(STAGES).index(run.stage), len(names) - 1)
    return tuple(
        StageLine(*(("done", "✓") if n < at else ("now", "▸") if n == at else ("waiting", "·")), STAGES[name])
        for n, name in enumerate(names)
    )


def _counts(run: BulkRun, here: str, chosen: str) -> tuple[Count, ...]:
    numbers = {**run.outcomes, OPEN.code: run.accounts - run.done}
    words = {**OUTCOMES, OPEN.code: OPEN}
    return tuple(
        Count(words[name], number_words(number), _href(here, {"outcome": name}), name == chosen)
        for name, number in numbers.items()
        if number or name in {"applied", chosen}
    )


def _buttons(run: BulkRun, rights: Rights) -> tuple[Button, ...]:
    pause = _button(run, "pause", "Pause", rights.pause)
    cancel = _button(run, "cancel", "Cancel it", rights.cancel)
    asks = run.any_severe or run.accounts > 100
    start = _button(run, "start", "Ask for a second person" if asks else "Start the repair", rights.start, main=True)
    found = {
        "drafted": (start, cancel),
        "waiting_for_second": (_button(run, "approve", "Approve and start", rights.second, main=True), cancel),
        "running": (pause, cancel),
        "paused": (_button(run, "resume", "Let it go on", rights.go_on, main=True), cancel),
    }
    return found.get(run.state, ())


def _button(run: BulkRun, deed: str, text: str, permission: Permission, *, main: bool = False) -> Button:
    return Button(deed, reverse("steer_bulk", args=[run.id, deed]), text, main, permission.why_not)


def _line(line: BulkLine, now: datetime) -> OutcomeLine:
    return OutcomeLine(
        number=number_words(line.position + 1),
        account_id=line.account_id,
        href=reverse("account", args=[line.account_id]),
        what=proposal_words(line.proposal) if line.proposal else "",
        word=word(line.outcome, OUTCOMES) if line.outcome else OPEN,
        explanation=line.explanation,
        answer=f"{line.http_status or ''} {line.code}".strip(),
        repair_href=reverse("repair", args=[line.apply_id]) if line.apply_id else "",
        done_at=clock_words(line.done_at, now),
    )


def _href(path: str, query: Mapping[str, str]) -> str:
    told = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{told}" if told else path


def _seen(run: BulkRun, sentence: str, pace: str, slow: str) -> str:
    shown = repr((run.state, run.stage, run.done, sorted(run.outcomes.items()), sentence, pace, slow))
    return hashlib.sha256(shown.encode()).hexdigest()[:16]
