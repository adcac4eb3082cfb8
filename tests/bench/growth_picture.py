"""A small picture for each work: what it takes at each size of the company, both by their logarithms.

A line that is flat costs the same however many accounts there are; one that climbs as the dotted one is linear.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10
from typing import Final
from xml.sax.saxutils import escape

COLUMNS: Final = 3
WIDE: Final = 290  # pixels, as all that follows
HIGH: Final = 150
LEFT: Final = 16
TOP: Final = 40
PLOT: Final = (200, 70)
FLAT: Final = 0.35  # it is wider than high
STYLE: Final = """text { font: 12px system-ui, sans-serif; fill: #1f2328 } .name { font-weight: 600 }
.axis { stroke: #8b949e } .linear { stroke: #8b949e; stroke-dasharray: 2 4 }
.seen { stroke: #0b7285; stroke-width: 2; fill: none } circle { fill: #0b7285 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .seen { stroke: #3bc9db } circle { fill: #3bc9db }
}"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One work in a company of so many accounts, in `unit`."""

    work: str
    unit: str
    accounts: int
    value: float


def picture(measured: Sequence[Measured]) -> str:
    works = list(dict.fromkeys(one.work for one in measured))
    rows = -(-len(works) // COLUMNS)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {COLUMNS * WIDE} {rows * HIGH}" role="img">'
    title = "<title>What each work takes as the number of accounts grows</title>"
    drawn = [
        f'<g transform="translate({number % COLUMNS * WIDE} {number // COLUMNS * HIGH})">{"".join(_plot(seen))}</g>'
        for number, seen in enumerate([one for one in measured if one.work == work] for work in works)
    ]
    return "\n".join([head, title, f"<style>{STYLE}</style>", *drawn, "</svg>"]) + "\n"


def _plot(seen: Sequence[Measured]) -> Iterator[str]:
    """Ten times as high is as far up as ten times as many accounts are to the right."""
    wide, high = PLOT
    decade = wide / max(1.0, log10(seen[-1].accounts / seen[0].accounts))
    least = min(one.value for one in seen)
    places = [
        (LEFT + log10(one.accounts / seen[0].accounts) * decade, TOP + high - log10(one.value / least) * decade * FLAT)
        for one in seen
    ]
    yield f'<text class="name" x="{LEFT}" y="16">{escape(seen[0].work)}</text>'
    yield f'<line class="axis" x1="{LEFT}" x2="{LEFT + wide}" y1="{TOP + high}" y2="{TOP + high}"/>'
    x, y = places[0]
    up = min(high + 10.0, wide * FLAT)
    yield f'<line class="linear" x1="{x:.0f}" y1="{y:.0f}" x2="{x + up / FLAT:.0f}" y2="{y - up:.0f}"/>'
    yield f'<polyline class="seen" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'
    for (x, y), one in zip(places, seen, strict=True):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
        yield f'<text x="{x - 8:.0f}" y="{y - 7:.0f}">{told(one.value)} {one.unit}</text>'
        yield f'<text x="{x - 8:.0f}" y="{TOP + high + 15}">{short(one.accounts)}</text>'


def told(value: float) -> str:
    """To about three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def short(accounts: int) -> str:
    """`10k`, `1M`."""
    return f"{accounts // 1_000_000}M" if accounts >= 1_000_000 else f"{accounts // 1_000}k"
