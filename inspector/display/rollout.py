"""The rollout page in words: what was seen of each class, its next step, and what speaks for it or against."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.urls import reverse

from inspector.display.drift import list_href
from inspector.display.moments import age_words, moment_words
from inspector.display.policy import MODES, VALUES_WORD
from inspector.display.words import CLASSES, STORES, Tone, Word, number_words, word
from recon.engine.rollout import percent
from recon.engine.shadow import Shadow
from recon.queries.rollout import ClassRollout, Rollout
from recon.queries.shadow import Tally

KINDS: Final[Mapping[Shadow, tuple[str, str]]] = {
    Shadow.AGREED: ("Agreed", "Others wrote what is true, or what the plan would have written."),
    Shadow.DISAGREED: ("Disagreed", "The engine would have written something else."),
    Shadow.OLD_ONLY: ("Old path only", "The engine had nothing to write, and what others wrote is not true."),
    Shadow.ENGINE_ONLY: ("Engine only", "The engine had something to write, and for a day nobody wrote anything."),
}
ENDS: Final[Mapping[Shadow, str]] = {
    Shadow.CAME_ROUND: "where others came round",
    Shadow.REPAIRED: "that we repaired",
    Shadow.TRUTH_MOVED: "where the facts came round (others were right, or early)",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """`title` says what is counted."""

    name: str
    value: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class TallyLine:
    """A day's counts, or a store's: the share that agreed, then one number for each kind."""

    name: str
    share: str
    numbers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ClassView:
    """`advice` is the next step with `because`; `ends` is how disagreements ended."""

    name: Word
    mode: Word
    since: str
    advice: str
    because: str
    tone: Tone
    figures: tuple[Figure, ...]
    ends: str
    days: tuple[TallyLine, ...]
    stores: tuple[TallyLine, ...]
    href: str
    policy_href: str


@dataclass(frozen=True, slots=True)
class RolloutPage:
    lead: str
    kinds: tuple[tuple[str, str], ...]
    classes: tuple[ClassView, ...]


def rollout_page(seen: Rollout, now: datetime) -> RolloutPage:
    since = f"Compared since {moment_words(seen.since)} UTC" if seen.since else "Nothing is compared yet"
    lead = f"{since}; the figures are of the last {seen.days} days. Nothing here switches anything."
    return RolloutPage(lead, tuple(KINDS.values()), tuple(_class(one, now) for one in seen.classes))


def _class(one: ClassRollout, now: datetime) -> ClassView:
    is_class = one.name != VALUES_WORD.code
    return ClassView(
        name=word(one.name, CLASSES) if is_class else VALUES_WORD,
        mode=word(one.evidence.mode, MODES),
        since=f"since {age_words(one.set_at, now)}" if one.set_at else "by default",
        advice=_advice(one),
        because=_sentence(one.advice.because),
        tone=Tone.GOOD if one.advice.may else Tone.WARN,
        figures=tuple(_figures(one)),
        ends=_ends(one.shadow.total),
        days=tuple(_line(f"{day.astimezone(UTC):%Y-%m-%d}", tally) for day, tally in one.shadow.days.items()),
        stores=tuple(_line(STORES[store], tally) for store, tally in one.shadow.stores.items()),
        href=list_href(**{"class": one.name}) if one.accounts and is_class else "",
        policy_href=f"{reverse('policy')}#class-{one.name}",
    )


def _advice(one: ClassRollout) -> str:
    if not one.advice.to:
        return "May stay in auto" if one.advice.may else "Look at it, and go back to approve"
    to = MODES[one.advice.to].text.lower()
    return f"May go from {one.evidence.mode} to {to}" if one.advice.may else f"Not yet from {one.evidence.mode} to {to}"


def _sentence(because: tuple[str, ...]) -> str:
    said = "; ".join(because)
    return f"{said[:1].upper()}{said[1:]}."


def _figures(one: ClassRollout) -> Iterator[Figure]:
    seen = one.evidence
    yield Figure("Accounts now", number_words(one.accounts), f"{number_words(one.began)} came to it in these days")
    yield Figure("Agreement", _share(one.shadow.total), "Of what others wrote, so much is what the engine would write")
    yield Figure("Engine only", number_words(one.shadow.total[Shadow.ENGINE_ONLY]), KINDS[Shadow.ENGINE_ONLY][1])
    yield Figure("Repairs", number_words(seen.applied), "Applied in these days")
    yield Figure("Refused digests", _of(seen.refused, seen.repairs), "Approved, and moved before they were written")
    yield Figure("Failed", _of(seen.failed, seen.repairs), "Something broke; nothing was written")
    yield Figure("Relapses", _of(seen.relapsed, seen.written), "Cells that we wrote and somebody changed back")


def _share(tally: Tally) -> str:
    if not tally.writes:
        return "nothing to compare"
    return f"{percent(tally[Shadow.AGREED], tally.writes)} % of {number_words(tally.writes)}"


def _of(part: int, whole: int) -> str:
    return f"{number_words(part)} of {number_words(whole)}"


def _ends(tally: Tally) -> str:
    ended = [f"{number_words(tally[kind])} {text}" for kind, text in ENDS.items() if tally[kind]]
    return f"Of disagreements that are over: {', '.join(ended)}." if ended else ""


def _line(name: str, tally: Tally) -> TallyLine:
    return TallyLine(name, _share(tally), tuple((text, number_words(tally[kind])) for kind, (text, _) in KINDS.items()))
