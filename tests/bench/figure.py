"""One measured thing, beside the thing that it is to be compared with."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`per_second` of `unit`; `against` names what the same run did at `against_per_second`. `spread` are the least and
    the greatest ratio of its rounds, `goal` what the ratio is to be at least; `note` is for whoever measures."""

    name: str
    unit: str
    per_second: float
    against: str = ""
    against_per_second: float = 0.0
    note: str = ""
    spread: tuple[float, float] | None = None
    goal: float | None = None

    @property
    def is_reached(self) -> bool:
        return self.goal is not None and self.ratio is not None and self.ratio >= self.goal

    @property
    def ratio(self) -> float | None:
        return self.per_second / self.against_per_second if self.against_per_second else None

    def line(self) -> str:
        words = f"{self.name:<52}{self.per_second:>12,.0f} {self.unit}/s{1e6 / self.per_second:>12,.1f} µs"
        if self.ratio is None:
            return words
        line = f"{words}   {_share(self.ratio)} {self.against} ({self.against_per_second:,.0f}/s)"
        spread = f"{self.spread[0]:.2f}–{self.spread[1]:.2f}" if self.spread else ""
        goal = f"goal {self.goal:.2g}: {'reached' if self.is_reached else 'not reached'}" if self.goal else ""
        more = "; ".join(filter(None, (spread, goal, self.note)))
        return f"{line}\n    {more}" if more else line

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio}


def told(ratio: float) -> str:
    if ratio < 0.1:
        return f"1/{1 / ratio:,.0f}"
    return f"{ratio:.2f}" if ratio < 2 else f"{ratio:.1f}"


def _share(ratio: float) -> str:
    return f"{told(ratio)} {'of' if ratio < 2 else 'times'}"


def rate(work: Callable[[], object], count: int, times: int = 3) -> float:
    """How many a second, by the median of some runs; the first run warms up and does not count."""
    work()
    return count / statistics.median(_seconds(work) for _ in range(times))


def rates_in_turn(works: Sequence[Callable[[], object]], count: int, rounds: int) -> list[float]:
    """The same of several that are compared: they take turns, so that the machine's load meets all of them."""
    for work in works:
        work()
    seen = [[_seconds(work) for work in works] for _ in range(rounds)]
    return [count / statistics.median(took) for took in zip(*seen, strict=True)]


def rate_once(work: Callable[[], int]) -> float:
    """For what cannot be done twice; it says how many it did."""
    began = time.perf_counter()
    count = work()
    return count / (time.perf_counter() - began)


def rate_each(work: Callable[[int], object], numbers: Sequence[int]) -> float:
    return len(numbers) / sum(_seconds(lambda number=number: work(number)) for number in numbers)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
