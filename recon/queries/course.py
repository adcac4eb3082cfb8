"""The course of the drift over a window: how many accounts counted under each measure, and what began and healed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from django.db import connection

from recon.engine.measures import Measure
from recon.models import DriftPoint
from recon.queries.points import Changes, Count, Point, Split, totals_now

# A look-up in the key's index for each moment, however many points there are.
AS_COUNTED = """
select point.at, point.counts from unnest(%s::timestamptz[]) with ordinality as asked (moment, number)
left join lateral (select at, counts from drift_point where at <= moment order by at desc limit 1) as point on true
order by number
"""


class Window(StrEnum):
    """How far back one looks."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def span(self) -> timedelta:
        return self.step * _STEPS[self][0]

    @property
    def step(self) -> timedelta:
        return _STEPS[self][1]


_STEPS = {
    Window.HOUR: (30, timedelta(minutes=2)),
    Window.DAY: (24, timedelta(hours=1)),
    Window.WEEK: (28, timedelta(hours=6)),
    Window.MONTH: (30, timedelta(days=1)),
}


@dataclass(frozen=True, slots=True)
class CourseStep:
    """The accounts that counted at `at` (None: nobody counted yet), and what changed since the step before."""

    at: datetime
    accounts: int | None
    split: Split


@dataclass(frozen=True, slots=True)
class Course:
    """One measure: `before` is the number at the window's start, the last step is now, `split` is of the whole."""

    measure: Measure
    before: int | None
    steps: tuple[CourseStep, ...]
    split: Split


@dataclass(frozen=True, slots=True)
class History:
    """All measures from `start` to `end`; `since` is when the drift was first counted, None for never."""

    window: Window
    start: datetime
    end: datetime
    since: datetime | None
    courses: Mapping[Measure, Course]

    def as_json(self) -> dict[str, Any]:
        return {
            "window": self.window.value,
            "start": _text(self.start),
            "end": _text(self.end),
            "measures": {measure.value: _course_json(course) for measure, course in self.courses.items()},
        }


@dataclass(frozen=True, slots=True)
class _Known:
    """The course as it stood at one moment."""

    counts: Mapping[Measure, int] | None
    totals: Mapping[Measure, Split]


NOTHING = _Known(None, {})


def history(window: Window, count: Count, *, since: datetime | None, now: datetime) -> History:
    """`since` is `counted_since`. Between two points the earlier holds; the last step has also what changed since."""
    start = now - window.span
    moments = [start + window.step * number for number in range(int(window.span / window.step) + 1)]
    known = [*_as_counted(moments[:-1]), _now(count.point, count.changes)]
    return History(
        window=window,
        start=start,
        end=now,
        since=since,
        courses={measure: _course(measure, moments, known) for measure in Measure},
    )


def counted_since(count: Count) -> datetime | None:
    """When the drift was first counted; None: never."""
    if count.point is None:
        return None
    return DriftPoint.objects.order_by("at").values_list("at", flat=True).first()


def _as_counted(moments: list[datetime]) -> list[_Known]:
    """As of the last point at or before each moment."""
    with connection.cursor() as cursor:
        cursor.execute(AS_COUNTED, [moments])
        rows = cursor.fetchall()
    points = {at: Point(at, json.loads(counts)) for at, counts in rows if at is not None}
    known = {at: _Known(_measures(point), point.totals) for at, point in points.items()}
    return [known.get(at, NOTHING) for at, _ in rows]


def _now(latest: Point | None, changes: Changes) -> _Known:
    if latest is None:
        return NOTHING
    counts = _measures(latest)
    moved = {measure: counts[measure] + changes.splits.get(measure, Split()).net for measure in Measure}
    return _Known(moved, totals_now(latest, changes))


def _measures(point: Point) -> dict[Measure, int]:
    return {measure: int(point.counts[measure.value]) for measure in Measure}


def _course(measure: Measure, moments: list[datetime], known: list[_Known]) -> Course:
    totals = [one.totals.get(measure, Split()) for one in known]
    accounts = [None if one.counts is None else one.counts[measure] for one in known]
    splits = [later - earlier for earlier, later in pairwise(totals)]
    steps = zip(moments[1:], accounts[1:], splits, strict=True)
    return Course(measure, accounts[0], tuple(CourseStep(*step) for step in steps), totals[-1] - totals[0])


def _course_json(course: Course) -> dict[str, Any]:
    return {
        "split": course.split.as_json(),
        "points": [{"at": _text(step.at), "accounts": step.accounts, **step.split.as_json()} for step in course.steps],
    }


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
