"""One measured thing, beside the thing that it is to be compared with."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`per_second` of `unit`; `against` names what the same run did at `against_per_second`."""

    name: str
    unit: str
    per_second: float
    against: str = ""
    against_per_second: float = 0.0

    @property
    def ratio(self) -> float | None:
        return self.per_second / self.against_per_second if self.against_per_second else None

    def line(self) -> str:
        words = f"{self.name:<52}{self.per_second:>12,.0f} {self.unit}/s{1e6 / self.per_second:>12,.1f} µs"
        if self.ratio is None:
            return words
        share = f"{self.ratio:.2f} of" if self.ratio > 0.1 else f"1/{1 / self.ratio:,.0f} of"
        return f"{words}   {share} {self.against} ({self.against_per_second:,.0f}/s)"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio}


def rate(work: Callable[[], object], count: int, times: int = 3) -> float:
    """How many a second, by the median of some runs; the first run warms up and does not count."""
    work()
    return count / statistics.median(_seconds(work) for _ in range(times))


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
