"""What others wrote beside what the engine would have written: by class, by day, by store."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from recon.engine.drift import DriftClass
from recon.engine.shadow import ENDS, WRITES, Shadow
from recon.models import ShadowCount, ShadowMark
from recon.queries.modes import VALUES


@dataclass(frozen=True, slots=True)
class Tally:
    """So many cells of each kind."""

    cells: Mapping[Shadow, int]

    def __getitem__(self, kind: Shadow) -> int:
        return self.cells.get(kind, 0)

    @property
    def writes(self) -> int:
        """Of others, whatever they were: what an agreement is counted of."""
        return sum(self[kind] for kind in WRITES)

    @property
    def settled(self) -> int:
        return sum(self[kind] for kind in ENDS)

    @property
    def right(self) -> int:
        """Settled disagreements in which the engine was right."""
        return self.settled - self[Shadow.TRUTH_MOVED]

    def as_json(self) -> dict[str, Any]:
        share = self[Shadow.AGREED] / self.writes if self.writes else None
        return {**{kind.value: self[kind] for kind in Shadow}, "writes": self.writes, "agreement": share}


@dataclass(frozen=True, slots=True)
class ClassShadow:
    """One class: all of it, and by day (its midnight, UTC; the latest first) and store where there is anything."""

    name: str
    total: Tally
    days: Mapping[datetime, Tally]
    stores: Mapping[str, Tally]

    def as_json(self) -> dict[str, Any]:
        return {
            "total": self.total.as_json(),
            "days": {f"{day.astimezone(UTC):%Y-%m-%d}": tally.as_json() for day, tally in self.days.items()},
            "stores": {store: tally.as_json() for store, tally in self.stores.items()},
        }


@dataclass(frozen=True, slots=True)
class ShadowSeen:
    """Since when outcomes are compared (None: not yet), and each class over the days that were asked for."""

    since: datetime | None
    classes: tuple[ClassShadow, ...]

    def as_json(self) -> dict[str, Any]:
        since = None if self.since is None else self.since.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return {"since": since, "classes": {one.name: one.as_json() for one in self.classes}}


@dataclass(slots=True)
class _Sums:
    total: dict[Shadow, int] = field(default_factory=dict)
    days: dict[datetime, dict[Shadow, int]] = field(default_factory=dict)
    stores: dict[str, dict[Shadow, int]] = field(default_factory=dict)

    def add(self, day: datetime, store: str, kind: Shadow, cells: int) -> None:
        for sums in (self.total, self.days.setdefault(day, {}), self.stores.setdefault(store, {})):
            sums[kind] = sums.get(kind, 0) + cells


def shadow(*, days: int, now: datetime) -> ShadowSeen:
    """Of so many days, today's among them."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = ShadowCount.objects.filter(day__gt=midnight - timedelta(days=days)).order_by("-day", "store")
    sums = {name: _Sums() for name in (*(one.value for one in DriftClass), VALUES)}
    for row in rows:
        sums[row.name].add(row.day, row.store, Shadow(row.kind), row.cells)
    mark = ShadowMark.objects.first()
    return ShadowSeen(mark.since if mark else None, tuple(_classes(sums)))


def _classes(sums: Mapping[str, _Sums]) -> Iterable[ClassShadow]:
    for name, of in sums.items():
        days = {day: Tally(cells) for day, cells in of.days.items()}
        yield ClassShadow(
            name, Tally(of.total), days, {store: Tally(cells) for store, cells in sorted(of.stores.items())}
        )
