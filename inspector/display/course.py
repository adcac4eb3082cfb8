"""The three headlines with their course: the number, its picture, and what came and went."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from inspector.display.drift import list_href
from inspector.display.moments import age_words
from inspector.display.pictures import Picture, picture
from inspector.display.words import DETAILS, Tone, Word, number_words
from recon.engine.measures import Measure
from recon.queries.course import Course, CourseStep, History, Window
from recon.queries.drift import DriftNumbers
from recon.queries.points import Split

WINDOWS = {
    Window.HOUR: ("1 h", "1 hour"),
    Window.DAY: ("24 h", "24 hours"),
    Window.WEEK: ("7 d", "7 days"),
    Window.MONTH: ("30 d", "30 days"),
}
_KINDS = (
    ("new", "↑", "new", "began to count"),
    ("back", "↑", "came back", "had been right before"),
    ("undone", "↑", "undone", "a repair of ours was undone"),
    ("us", "↓", "healed by us", "a repair of ours"),
    ("itself", "↓", "healed by itself", "without a repair"),
)
_SELDOM = "undone"
"""Shown only where it happened."""


@dataclass(frozen=True, slots=True)
class WindowLink:
    text: str
    name: str
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One of the kinds of change, summed over the window; `sign` says the direction without colour."""

    kind: str
    sign: str
    name: str
    number: str
    meaning: str
    is_none: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A step of the course in the table that stands for the picture."""

    until: str
    accounts: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """One of the three. `code` names its picture's parts; `top` labels the highest number."""

    code: str
    name: str
    number: str
    meaning: str
    tone: Tone
    verdict: str
    change: str
    share: str
    href: str
    picture: Picture
    title: str
    description: str
    top: str
    start: str
    parts: tuple[Part, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    measure: Measure
    name: str
    meaning: Word
    detail: str


_HEADLINES = (
    _Kind(Measure.STUCK_IN_BAD_DEBT, "Stuck in bad-debt drift", DETAILS["stuck"], "stuck"),
    _Kind(Measure.CONTRADICTORY_DEBT_FLAGS, "Inconsistent debt flags", DETAILS["contradictory"], "contradictory"),
    _Kind(Measure.FLAGGED_BUT_PAID, "Flagged as never paid, but paid", DETAILS["flagged_but_paid"], "flagged_but_paid"),
)


def window_of(text: str, since: datetime | None, now: datetime) -> Window:
    """The window that the URL asks for; else a day, or an hour while the course is younger than that."""
    try:
        return Window(text)
    except ValueError:
        is_young = since is None or now - since < Window.HOUR.span
        return Window.HOUR if is_young else Window.DAY


def window_links(chosen: Window) -> tuple[WindowLink, ...]:
    return tuple(
        WindowLink(short, f"The last {name}", f"{reverse('home')}?over={window.value}", window is chosen)
        for window, (short, name) in WINDOWS.items()
    )


def headlines(numbers: DriftNumbers, history: History) -> tuple[Headline, ...]:
    found = {
        Measure.STUCK_IN_BAD_DEBT: numbers.headlines.stuck_in_bad_debt,
        Measure.CONTRADICTORY_DEBT_FLAGS: numbers.headlines.inconsistent_debt_flags,
        Measure.FLAGGED_BUT_PAID: numbers.headlines.no_successful_payment,
    }
    return tuple(_headline(kind, found[kind.measure], numbers.accounts, history) for kind in _HEADLINES)


def summary(numbers: DriftNumbers) -> Word:
    """How the three stand together, in one sentence."""
    found = numbers.headlines
    above = sum(
        bool(one) for one in (found.stuck_in_bad_debt, found.inconsistent_debt_flags, found.no_successful_payment)
    )
    if not above:
        return Word("zero", "All three headlines are at their target, 0.", Tone.GOOD)
    text = "One of three headlines is" if above == 1 else f"{('Two of', 'All')[above - 2]} three headlines are"
    return Word("above", f"{text} above the target, 0.", Tone.BAD)


def _headline(kind: _Kind, number: int, accounts: int, history: History) -> Headline:
    course = history.courses[kind.measure]
    drawn = picture(course, history)
    over = WINDOWS[history.window][1]
    return Headline(
        code=kind.detail,
        name=kind.name,
        number=number_words(number),
        meaning=kind.meaning.meaning,
        tone=Tone.BAD if number else Tone.GOOD,
        verdict="above target" if number else "on target",
        change=_change(course, number, history, over),
        share=f"{number * 100 / accounts:.1f} % of {number_words(accounts)} accounts" if number else "",
        href=list_href(detail=kind.detail) if number else "",
        picture=drawn,
        title=f"{kind.name}, the last {over}",
        description=_description(course, number, drawn.highest, history),
        top=number_words(drawn.highest),
        start=f"{over} ago",
        parts=_parts(course.split, _kinds(course)),
        rows=tuple(_row(step, history.window, _kinds(course)) for step in course.steps if step.accounts is not None),
    )


def _change(course: Course, number: int, history: History, over: str) -> str:
    """Against the window's start, where something was counted then."""
    if history.since is None:
        return "not counted yet"
    if course.before is None:
        return f"first counted {age_words(history.since, history.end)}"
    moved = number - course.before
    if not moved:
        return f"as {over} ago"
    return f"{number_words(abs(moved))} {'more' if moved > 0 else 'fewer'} than {over} ago"


def _description(course: Course, number: int, highest: int, history: History) -> str:
    """What the picture shows, for those who do not see it."""
    if history.since is None:
        return "Nothing has been counted yet."
    split = ", ".join(f"{course.split.parts[place]} {_KINDS[place][2]}" for place in _kinds(course))
    return f"{number} accounts now, {highest} at most, target 0. Over this time: {split}."


def _kinds(course: Course) -> tuple[int, ...]:
    """The places of the kinds that are shown."""
    return tuple(place for place, one in enumerate(_KINDS) if one[0] != _SELDOM or course.split.parts[place])


def _parts(split: Split, kinds: tuple[int, ...]) -> tuple[Part, ...]:
    shown = ((split.parts[place], _KINDS[place]) for place in kinds)
    return tuple(
        Part(kind, sign, name, number_words(accounts), meaning, not accounts)
        for accounts, (kind, sign, name, meaning) in shown
    )


def _row(step: CourseStep, window: Window, kinds: tuple[int, ...]) -> Row:
    long = window.span > timedelta(days=1)
    until = f"{step.at:%m-%d %H:%M}" if long else f"{step.at:%H:%M}"
    return Row(until, number_words(step.accounts or 0), tuple(number_words(step.split.parts[place]) for place in kinds))


def counted_words(at: datetime | None, now: datetime) -> str:
    """When the numbers that are not counted as they change were counted."""
    return "" if at is None else f"Counted {age_words(at, now)}."
