"""The drift home's other numbers, how fresh they are, and one line a drifted account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from inspector.display.deeds import actor_words
from inspector.display.moments import age_words, date_words
from inspector.display.verdict import harm, owed_words
from inspector.display.words import (
    CLASSES,
    DETAILS,
    FINDINGS,
    RISKS,
    STATES,
    STORES,
    UNKNOWN_STATE,
    Tone,
    Word,
    accounts_words,
    number_words,
    word,
)
from recon.queries.drift import DriftNumbers
from recon.queries.queue import QueueLine
from recon.queries.runs import MirrorState, SweepState


@dataclass(frozen=True, slots=True)
class Count:
    """One other number and where its accounts are; `href` empty when there are none."""

    name: str
    number: str
    meaning: str
    tone: Tone
    href: str


@dataclass(frozen=True, slots=True)
class CountTable:
    """Numbers of one kind. `is_counted`: they are those of the last count, and do not move with every change."""

    name: str
    counts: tuple[Count, ...]
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old one source is, and what that means."""

    name: str
    age: str
    note: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account in a list, in words. `holder` has it in hand, “you” or a name; it is put off until `put_off`,
    and its difference accepted until `accepted`."""

    account_id: str
    href: str
    state: Word
    harm: Word
    details: tuple[Word, ...]
    findings: tuple[Word, ...]
    owed: str
    oldest_due: str
    since: str
    cells: str
    risk: Word | None
    holder: str = ""
    put_off: str = ""
    accepted: str = ""


def count_tables(numbers: DriftNumbers) -> tuple[CountTable, ...]:
    """Every other number, by kind."""
    rest = [code for code in numbers.details if code not in ("stuck", "flagged_but_paid")]
    verdicts = (
        Count("Known", number_words(numbers.known), "Every store was read and understood.", Tone.QUIET, ""),
        _count(UNKNOWN_STATE, numbers.unknown, verdict="unknown"),
        _count(Word("drifted", "With drift", Tone.WARN, "At least one derived value differs."), numbers.drifted),
        Count("With a plan", number_words(numbers.with_a_plan), "Something to write, and allowed to.", Tone.QUIET, ""),
        Count(
            "Plan withheld",
            number_words(numbers.withheld),
            "Severe, while the customer's identity is open.",
            Tone.QUIET,
            "",
        ),
    )
    return (
        CountTable(
            "Other drift", tuple(_count(word(code, DETAILS), numbers.details[code], detail=code) for code in rest)
        ),
        CountTable(
            "Classes",
            tuple(_count(word(code, CLASSES), found, **{"class": code}) for code, found in numbers.classes.items()),
        ),
        CountTable(
            "Findings for a person",
            tuple(_count(word(code, FINDINGS), found, finding=code) for code, found in numbers.findings.items()),
            is_counted=True,
        ),
        CountTable("Verdicts", verdicts, is_counted=True),
    )


def unknown_words(numbers: DriftNumbers) -> Count | None:
    """Accounts that count where they were last known to; None where there are none."""
    if not numbers.unknown:
        return None
    are = "account is" if numbers.unknown == 1 else "accounts are"
    meaning = (
        f"{are} not judged now: a store could not be read or understood. Unknown is not clear, "
        "so each goes on counting where it was last known to."
    )
    return Count("", number_words(numbers.unknown), meaning, Tone.WARN, list_href(verdict="unknown"))


def state_table(numbers: DriftNumbers) -> CountTable:
    counts = tuple(
        Count(word.text, number_words(numbers.states.get(code, 0)), word.meaning, Tone.QUIET, "")
        for code, word in STATES.items()
    )
    return CountTable("True states", counts, is_counted=True)


def freshness(
    sweep: SweepState | None, mirror: MirrorState, failed: Mapping[str, int], now: datetime
) -> tuple[Freshness, ...]:
    """How old each store's numbers are: the databases were read by the sweep, Stripe by the mirror's sync.

    `failed` is store → accounts that it could not tell of."""
    ages = {name: _swept(sweep, now) for name in STORES} | {"stripe": _mirrored(mirror, now)}
    return tuple(_fresh(name, *ages[name], failed.get(name, 0)) for name in STORES)


def account_line(line: QueueLine, now: datetime, *, me: str = "") -> AccountLine:
    classes, details = list(line.classes), list(line.details)
    if line.is_contradictory:
        details.append("contradictory")
    shown_harm = harm(line.is_known, details, classes, line.drifted_cells)
    return AccountLine(
        account_id=line.account_id,
        href=reverse("account", args=[line.account_id]),
        state=word(line.state, STATES) if line.is_known else UNKNOWN_STATE,
        harm=shown_harm,
        details=tuple(word(code, DETAILS) for code in details if code != shown_harm.code),
        findings=tuple(word(code, FINDINGS) for code in line.findings),
        owed=", ".join(owed_words(dict(line.owed))) or "–",
        oldest_due=date_words(line.oldest_due_at),
        since=age_words(line.drift_since, now) if line.drift_since else "–",
        cells=number_words(line.drifted_cells),
        risk=RISKS.get(line.risk) if line.risk else None,
        holder=_holder(line.claimed_by, me),
        put_off=date_words(line.snoozed_until) if line.snoozed_until else "",
        accepted=date_words(line.accepted_until) if line.accepted_until else "",
    )


def list_href(**filters: str) -> str:
    """The list of accounts with these filters in its URL."""
    return f"{reverse('accounts')}?{urlencode(filters)}" if filters else reverse("accounts")


def _holder(claimed_by: str | None, me: str) -> str:
    if claimed_by is None:
        return ""
    return "you" if claimed_by == me else actor_words(claimed_by)


def _count(what: Word, number: int, **filters: str) -> Count:
    tone = what.tone if number else Tone.QUIET
    return Count(what.text, number_words(number), what.meaning, tone, list_href(**filters) if number else "")


def _fresh(store: str, age: str, note: str, tone: Tone, failed: int) -> Freshness:
    if failed:
        return Freshness(STORES[store], age, f"Could not be read for {accounts_words(failed)}.", Tone.WARN)
    return Freshness(STORES[store], age, note, tone)


def _swept(sweep: SweepState | None, now: datetime) -> tuple[str, str, Tone]:
    if sweep is None:
        return "never", "No sweep yet: run manage.py sweep.", Tone.WARN
    if sweep.finished_at is None:
        return "now", f"Sweep under way, {sweep.chunks_done} of {sweep.chunks} parts done.", Tone.QUIET
    return age_words(sweep.finished_at, now), f"Swept for {accounts_words(sweep.accounts)}.", Tone.QUIET


def _mirrored(mirror: MirrorState, now: datetime) -> tuple[str, str, Tone]:
    if mirror.reading:
        note = f"Reading {mirror.reading.replace('_', ' ')}, {number_words(mirror.objects_read)} objects so far."
        return age_words(mirror.as_of, now), note, Tone.QUIET
    if mirror.as_of is None:
        return "never", "The mirror is empty: run manage.py sync_stripe.", Tone.WARN
    return age_words(mirror.as_of, now), "Mirrored in full.", Tone.QUIET
