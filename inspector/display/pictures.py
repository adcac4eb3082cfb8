"""A course as a picture: a line over an area, and bars for what came and what went. Numbers in, SVG attributes out.

The drawing is stretched to the page's width, so it holds no text: labels stand beside it, and all of its numbers in a
table. Heights keep their meaning, each picture from 0 to its own highest number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from recon.queries.course import Course, History

WIDTH = 600
LINE_HEIGHT = 100
BARS_HEIGHT = 60
LEAST = 2.5
"""What is not nothing is never drawn as nothing."""
GAP = 0.25
"""Of a bar's place, left free beside it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `kind` is a class: new, back, us or itself."""

    kind: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Picture:
    """`line` and `area` are paths of `line_box`, empty where nothing was counted; `bars` stand in `bars_box` on `zero`,
    what came above it and what went below."""

    line_box: str
    line: str
    area: str
    bars_box: str
    zero: str
    bars: tuple[Bar, ...]
    highest: int


def picture(course: Course, history: History) -> Picture:
    numbers = [number for number in (course.before, *(step.accounts for step in course.steps)) if number is not None]
    highest = max(numbers, default=0)
    points = _points(course, history, highest)
    bars, zero = _bars(course)
    return Picture(
        line_box=f"0 0 {WIDTH} {LINE_HEIGHT}",
        line=_stairs(points),
        area=f"{_stairs(points)}V{LINE_HEIGHT}H{_short(points[0][0])}Z" if points else "",
        bars_box=f"0 0 {WIDTH} {BARS_HEIGHT}",
        zero=_short(zero),
        bars=tuple(bars),
        highest=highest,
    )


def _points(course: Course, history: History, highest: int) -> list[tuple[float, float]]:
    """From where the course began, or the window; each holds until the next."""
    known = [(step.at, step.accounts) for step in course.steps if step.accounts is not None]
    if course.before is not None:
        known.insert(0, (history.start, course.before))
    elif known and history.since is not None:
        known.insert(0, (max(history.since, history.start), known[0][1]))
    return [(_x(at, history), _y(accounts, highest)) for at, accounts in known]


def _x(at: datetime, history: History) -> float:
    return WIDTH * ((at - history.start) / (history.end - history.start))


def _y(accounts: int, highest: int) -> float:
    """A stroke's width of room above and below."""
    room = LINE_HEIGHT - 4
    return LINE_HEIGHT - 2 - (room * accounts / highest if highest else 0)


def _stairs(points: Sequence[tuple[float, float]]) -> str:
    if not points:
        return ""
    first_x, first_y = points[0]
    steps = (f"H{_short(x)}V{_short(y)}" for _, (x, y) in pairwise(points))
    return f"M{_short(first_x)} {_short(first_y)}{''.join(steps)}"


def _bars(course: Course) -> tuple[list[Bar], float]:
    """Above and below on one scale; the zero stands where both find room."""
    came = [step.split.new + step.split.came_back + step.split.undone for step in course.steps]
    went = [step.split.healed_by_us + step.split.healed_by_itself for step in course.steps]
    most_came, most_went = max(came, default=0), max(went, default=0)
    if not most_came + most_went:
        return [], BARS_HEIGHT / 2
    room = BARS_HEIGHT - 4 * LEAST
    scale = room / (most_came + most_went)
    zero = 2 * LEAST + scale * most_came
    place = WIDTH / len(course.steps)
    bars: list[Bar] = []
    for number, step in enumerate(course.steps):
        left, width = place * (number + GAP / 2), place * (1 - GAP)
        above = [("new", step.split.new), ("back", step.split.came_back), ("undone", step.split.undone)]
        below = [("us", step.split.healed_by_us), ("itself", step.split.healed_by_itself)]
        bars += _stack(above, zero, left, width, -scale)
        bars += _stack(below, zero, left, width, scale)
    return bars, zero


def _stack(kinds: list[tuple[str, int]], zero: float, left: float, width: float, scale: float) -> list[Bar]:
    """Away from the zero, one after the other; a negative scale goes up."""
    bars, end = [], zero
    for kind, accounts in kinds:
        if accounts:
            height = max(LEAST, abs(scale) * accounts)
            top = end - height if scale < 0 else end
            bars.append(Bar(kind, _short(left), _short(top), _short(width), _short(height)))
            end = top if scale < 0 else top + height
    return bars


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
