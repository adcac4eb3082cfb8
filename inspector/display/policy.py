"""The policy page in words: what is done about each class, what auto would do now, and what it never does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse

from inspector.access import Permission
from inspector.display.deeds import actor_words
from inspector.display.drift import list_href
from inspector.display.moments import age_words, moment_words
from inspector.display.policy_version import PolicyNumbers
from inspector.display.status import Freeze
from inspector.display.words import CLASSES, Tone, Word, number_words, word
from recon.queries.automation import Automation, Breaker, ClassPolicy, Fate

MODES: Final = {
    "observe": Word("observe", "Observe", Tone.WARN, "Shown; nobody may write it."),
    "approve": Word("approve", "Approve", Tone.QUIET, "Written when a person approves it."),
    "auto": Word("auto", "Auto", Tone.GOOD, "Written by the engine itself, within its limits."),
}
VALUES_WORD: Final = Word(
    "values", "Other values", Tone.QUIET, "Derived values that differ and make none of the classes."
)
_FATES: Final = {
    Fate.READY: ("at once", "are written at the next round, within half a minute"),
    Fate.UNCONFIRMED: ("second look", "are severe and wait for the same outcome 15 minutes later"),
    Fate.STOPPED: ("stopped", "are severe and stopped by the breaker"),
    Fate.RELAPSED: ("relapsed", "hold a cell that somebody changed back: a person has to release it"),
    Fate.READ_ONLY: ("only read", "would be written where nothing can be: the page Status says why"),
    Fate.OTHER_CLASS: ("other class", "belong to another class too, which is not in auto"),
    Fate.TRIED: ("tried", "came to nothing within the hour and are tried again later"),
    Fate.UNDER_REPAIR: ("under repair", "are under repair already"),
}
LIMITS: Final = (
    "A plan is written as a whole: every class of the account has to be in auto.",
    "Each is an approval like anybody's, by task:auto: all six stores are read again, and another plan than the one "
    "that was found is refused.",
    "A severe plan needs the same outcome twice, 15 minutes apart.",
    "More than 100 accounts, or 1 % of all, that come to a severe plan within an hour stop all automatic severe "
    "repairs until an admin has looked.",
    "A cell that somebody changed back after a repair is left to a person until it is released.",
    "A plan that came to nothing is not tried again within the hour.",
    "Where a verdict is unknown, nothing is written; where it is open whose customer somebody is, nothing severe.",
    "Proposals to Stripe are never automatic: no charge, no refund, no cancellation.",
    "While all applies are paused, auto waits as everybody does.",
)


@dataclass(frozen=True, slots=True)
class FateLine:
    """How many plans have one fate."""

    number: str
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    text: str
    meaning: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class. `since` says who set its mode, when; `fates` what auto does, or would do, with its plans now."""

    name: Word
    mode: Word
    since: str
    reason: str
    accounts: str
    href: str
    lenient: str
    severe: str
    auto_lead: str
    fates: tuple[FateLine, ...]
    options: tuple[Option, ...]
    typed_reason: str
    problem: str


@dataclass(frozen=True, slots=True)
class BreakerView:
    state: Word
    text: str
    reason: str
    now: str
    can_close: bool
    problem: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What stood in a form that was not right: `form` is a class's name, or `breaker`."""

    form: str = ""
    mode: str = ""
    reason: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """`permission` says whether the reader may change anything here; `rollout_href` is empty where it is not shown."""

    classes: tuple[ClassLine, ...]
    limits: tuple[str, ...]
    breaker: BreakerView
    freeze: Freeze
    numbers: PolicyNumbers
    problem: str
    permission: Permission
    rollout_href: str


def policy_page(
    found: Automation,
    freeze: Freeze,
    numbers: PolicyNumbers,
    *,
    permission: Permission,
    sees_rollout: bool,
    typed: Typed,
    now: datetime,
) -> PolicyPage:
    names = {one.name for one in found.classes} | {"breaker"}
    return PolicyPage(
        classes=tuple(_class(one, typed, now) for one in found.classes),
        limits=LIMITS,
        breaker=_breaker(found.breaker, typed, now),
        freeze=freeze,
        numbers=numbers,
        problem=typed.problem if typed.form not in names else "",
        permission=permission,
        rollout_href=reverse("rollout") if sees_rollout else "",
    )


def _class(one: ClassPolicy, typed: Typed, now: datetime) -> ClassLine:
    own = typed if typed.form == one.name else Typed()
    chosen = own.mode or one.mode
    return ClassLine(
        name=VALUES_WORD if one.name == VALUES_WORD.code else word(one.name, CLASSES),
        mode=word(one.mode, MODES),
        since=f"set by {actor_words(one.set_by)} {age_words(one.set_at, now)}" if one.set_at else "the default",
        reason=one.reason,
        accounts=number_words(one.accounts),
        href=list_href(**{"class": one.name}) if one.accounts and one.name != VALUES_WORD.code else "",
        lenient=number_words(one.lenient),
        severe=number_words(one.severe),
        auto_lead=_auto_lead(one),
        fates=tuple(_fates(one)),
        options=tuple(Option(mode.code, mode.text, mode.meaning, mode.code == chosen) for mode in MODES.values()),
        typed_reason=own.reason,
        problem=own.problem,
    )


def _auto_lead(one: ClassPolicy) -> str:
    if not one.lenient + one.severe:
        return "No account of this class has a plan now, so auto has nothing to write."
    return "At this moment, of the plans:" if one.mode == "auto" else "Put in auto at this moment, of the plans:"


def _fates(one: ClassPolicy) -> Iterator[FateLine]:
    """At once first, also where it is none: that is what one asks."""
    for fate, (_, text) in _FATES.items():
        number = one.fates.get(fate, 0)
        if number or (fate is Fate.READY and one.fates):
            yield FateLine(number_words(number), text, Tone.WARN if fate is Fate.READY and number else Tone.QUIET)


def _breaker(one: Breaker, typed: Typed, now: datetime) -> BreakerView:
    own = typed if typed.form == "breaker" else Typed()
    many = f"{number_words(one.severe)} of {number_words(one.accounts)} accounts came to a severe plan within the hour"
    return BreakerView(
        state=Word("open", "Open", Tone.BAD) if one.is_open else Word("closed", "Closed", Tone.GOOD),
        text=_breaker_text(one, now),
        reason=one.reason,
        now=f"{many}; more than {number_words(one.most)} {_then(one)}.",
        can_close=one.is_open,
        problem=own.problem,
    )


def _breaker_text(one: Breaker, now: datetime) -> str:
    when = f"{moment_words(one.set_at)} UTC, {age_words(one.set_at, now)}"
    if one.is_open:
        return f"No severe plan is written automatically, for anybody, since {when}. Lenient ones go on."
    return (
        f"Severe plans may be written automatically. Closed by {actor_words(one.set_by)} {when}."
        if one.set_at
        else ("Severe plans may be written automatically. It has never opened.")
    )


def _then(one: Breaker) -> str:
    if one.would_trip:
        return "open it: it opens at the next round, as soon as any class is in auto"
    too_many = one.severe > one.most
    return "open it again at the next round" if one.is_open and too_many else "open it"
