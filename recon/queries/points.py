"""The drift as it was counted: points, and the numbers now as the last point and what changed after it.

So the home page of a million accounts reads two rows instead of a million.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from recon.engine.measures import Measure
from recon.models import DriftChange, DriftPoint
from recon.models.ranks import FINDINGS
from recon.queries.drift import DriftNumbers, Headlines, drift_numbers

PLAIN = ("accounts", "known", "unknown", "drifted", "with_a_plan", "withheld")
BY_CLASS = (
    Measure.BAD_DEBT_DRIFT,
    Measure.INCONSISTENT_DEBT_FLAGS,
    Measure.NO_SUCCESSFUL_PAYMENT_DRIFT,
    Measure.ENTITLEMENT_DRIFT,
)
BY_DETAIL = {
    "stuck": Measure.STUCK_IN_BAD_DEBT,
    "missed": Measure.MISSED,
    "wrong": Measure.WRONG,
    "flagged_but_paid": Measure.FLAGGED_BUT_PAID,
    "unflagged_never_paid": Measure.UNFLAGGED_NEVER_PAID,
    "paid_but_blocked": Measure.PAID_BUT_BLOCKED,
    "served_unpaid": Measure.SERVED_UNPAID,
}


@dataclass(frozen=True, slots=True)
class Split:
    """How accounts came to count under a measure, and ceased to; accounts, of one stretch of time."""

    new: int = 0
    came_back: int = 0
    undone: int = 0
    healed_by_us: int = 0
    healed_by_itself: int = 0

    @property
    def net(self) -> int:
        return self.new + self.came_back + self.undone - self.healed_by_us - self.healed_by_itself

    def __add__(self, other: "Split") -> "Split":
        return Split(*(mine + its for mine, its in zip(self.parts, other.parts, strict=True)))

    def __sub__(self, other: "Split") -> "Split":
        return Split(*(mine - its for mine, its in zip(self.parts, other.parts, strict=True)))

    @property
    def parts(self) -> tuple[int, int, int, int, int]:
        return (self.new, self.came_back, self.undone, self.healed_by_us, self.healed_by_itself)

    def as_json(self) -> dict[str, int]:
        names = ("new", "came_back", "undone", "healed_by_us", "healed_by_itself")
        return dict(zip(names, self.parts, strict=True))


@dataclass(frozen=True, slots=True)
class Point:
    """One count. `totals` are of all changes since the course began, `last_change` is the last of them."""

    at: datetime
    counts: Mapping[str, Any]

    @property
    def totals(self) -> Mapping[Measure, Split]:
        return {Measure(name): Split(**split) for name, split in self.counts["totals"].items()}

    @property
    def last_change(self) -> int:
        return int(self.counts["last_change"])


@dataclass(frozen=True, slots=True)
class Changes:
    """What began and healed after a point, and the last of these changes."""

    splits: Mapping[Measure, Split]
    last_change: int


@dataclass(frozen=True, slots=True)
class Count:
    """The last point, where there is one, and all that changed after it."""

    point: Point | None
    changes: Changes


@dataclass(frozen=True, slots=True)
class Counted:
    """The numbers now. Headlines, classes and details are exact; the others are as of `at` (None: now too)."""

    numbers: DriftNumbers
    at: datetime | None


def latest_point() -> Point | None:
    row = DriftPoint.objects.order_by("-at").first()
    return Point(row.at, row.counts) if row else None


def changes_after(point: Point | None) -> Changes:
    after = point.last_change if point else 0
    rows = (
        DriftChange.objects.filter(id__gt=after)
        .values_list("measure", "kind")
        .annotate(models.Count("id"), models.Max("id"))
    )
    splits: dict[Measure, Split] = {}
    last = after
    for name, kind, accounts, latest in rows.order_by():
        measure = Measure(name)
        splits[measure] = splits.get(measure, Split()) + Split(**{kind: accounts})
        last = max(last, latest)
    return Changes(splits, last)


def totals_now(point: Point | None, changes: Changes) -> dict[Measure, Split]:
    """All changes since the course began."""
    before = point.totals if point else {}
    return {
        measure: before.get(measure, Split()) + changes.splits.get(measure, Split())
        for measure in Measure
        if measure in before or measure in changes.splits
    }


def counts_of(numbers: DriftNumbers, totals: Mapping[Measure, Split], last_change: int) -> dict[str, Any]:
    """What a point keeps of these numbers."""
    return {
        **{measure.value: accounts for measure, accounts in by_measure(numbers).items()},
        **{name: getattr(numbers, name) for name in PLAIN},
        "findings": dict(numbers.findings),
        "states": dict(numbers.states),
        "totals": {measure.value: split.as_json() for measure, split in totals.items()},
        "last_change": last_change,
    }


def by_measure(numbers: DriftNumbers) -> dict[Measure, int]:
    return {
        Measure.CONTRADICTORY_DEBT_FLAGS: numbers.headlines.inconsistent_debt_flags,
        **{measure: numbers.classes[measure.value] for measure in BY_CLASS},
        **{measure: numbers.details[name] for name, measure in BY_DETAIL.items()},
    }


def read_count() -> Count:
    point = latest_point()
    return Count(point, changes_after(point))


def counted_now(count: Count) -> Counted:
    """From the last point and the changes after it; before the first point, from every account."""
    if count.point is None:
        return Counted(drift_numbers(), None)
    return Counted(_numbers(count.point, count.changes), count.point.at)


def _numbers(point: Point, changes: Changes) -> DriftNumbers:
    now = {measure: point.counts[measure.value] + changes.splits.get(measure, Split()).net for measure in Measure}
    return DriftNumbers(
        headlines=Headlines(
            stuck_in_bad_debt=now[Measure.STUCK_IN_BAD_DEBT],
            inconsistent_debt_flags=now[Measure.CONTRADICTORY_DEBT_FLAGS],
            no_successful_payment=now[Measure.FLAGGED_BUT_PAID],
        ),
        classes={measure.value: now[measure] for measure in BY_CLASS},
        details={name: now[measure] for name, measure in BY_DETAIL.items()},
        findings={name: point.counts["findings"][name] for name in FINDINGS},
        states=point.counts["states"],
        oldest_evaluation_at=None,
        **{name: point.counts[name] for name in PLAIN},
    )
