"""Endpoints that were sent the same in turns, compared round by round: the machine's load has met both."""

import statistics
from collections.abc import Mapping, Sequence

from tests.bench.figure import Figure
from tests.bench.serving import Endpoint, Sent


def compared(
    name: str,
    unit: str,
    seen: Mapping[Endpoint, Sequence[Sent]],
    ours: Endpoint,
    other: Endpoint,
    goal: float | None = None,
) -> Figure:
    """Medians of the rounds, without the first, which warmed them up. `note` has the middle and the slow answers of
    each, and what failed."""
    rounds, others = seen[ours][1:], seen[other][1:]
    pairs = zip(rounds, others, strict=True)
    ratios = [one.per_second / another.per_second for one, another in pairs if another.succeeded]
    return Figure(
        name,
        unit,
        statistics.median(one.per_second for one in rounds),
        other.name,
        statistics.median(one.per_second for one in others),
        note=f"{len(rounds)} rounds; {_told(ours, rounds)}; {_told(other, others)}",
        spread=(min(ratios), max(ratios)) if ratios else None,
        goal=goal,
    )


def _told(endpoint: Endpoint, rounds: Sequence[Sent]) -> str:
    failed, count = sum(one.failed for one in rounds), sum(one.failed + one.succeeded for one in rounds)
    middle = 1_000 * statistics.median(one.median_seconds for one in rounds)
    slow = 1_000 * statistics.median(one.p99_seconds for one in rounds)
    return f"{endpoint.name} p50 {middle:.1f} ms, p99 {slow:.1f} ms, {failed:,} of {count:,} failed"
