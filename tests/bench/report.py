"""What a run measured, kept for whoever reads the project: `bench/results.json`, a picture, and README's table."""

import json
import os
import platform
import re
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from math import log10
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from tests.bench.figure import Figure, told

ROOT: Final = Path(__file__).resolve().parents[2]
RESULTS: Final = ROOT / "bench" / "results.json"
PICTURE: Final = ROOT / "bench" / "ratios.svg"
TABLE: Final = re.compile(r"(<!-- figures -->\n).*(<!-- end of the figures -->\n)", re.DOTALL)
ROW: Final = 26  # pixels, as all that follows
NAMES: Final = 500
BARS: Final = 300
WIDTH: Final = NAMES + BARS + 90
LEAST: Final = 0.03  # what is left of the picture is as good as nothing
MOST: Final = 30.0
STYLE: Final = """text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.bar { fill: #0b7285 } .short { fill: #b35900 } .goal { stroke: #1f2328; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .bar { fill: #3bc9db } .short { fill: #ffa94d } .goal { stroke: #e6edf3 }
}"""


def keep(figures: Sequence[Figure], *, at: datetime) -> None:
    """`at` is when it was measured, UTC."""
    RESULTS.parent.mkdir(exist_ok=True)
    compared = [one for one in figures if one.ratio is not None]
    kept = {"at": f"{at:%Y-%m-%d}", "machine": machine(), "figures": [one.as_json() for one in figures]}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
    PICTURE.write_text(picture(compared))
    readme = ROOT / "README.md"
    readme.write_text(TABLE.sub(lambda found: found[1] + table(compared) + found[2], readme.read_text()))


def machine() -> dict[str, object]:
    """What the ratios were measured on, as far as they depend on it."""
    return {
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "django": version("django"),
        "psycopg": version("psycopg"),
    }


def table(figures: Sequence[Figure]) -> str:
    """In Markdown, a line each."""
    lines = ["| work | against | ratio, and its spread | goal |", "| --- | --- | --- | --- |"]
    for one in figures:
        spread = f" ({one.spread[0]:.2f}–{one.spread[1]:.2f})" if one.spread else ""
        goal = "" if one.goal is None else f"≥ {one.goal:.2g}{'' if one.is_reached else ', not reached'}"
        lines.append(f"| {one.name} | {one.against} | {told(one.ratio or 0)}{spread} | {goal} |")
    return "\n".join(lines) + "\n"


def picture(figures: Sequence[Figure]) -> str:
    """A bar for each ratio, by its logarithm, and a line where its goal is; light and dark."""
    body = "\n".join(_row(one, number * ROW) for number, one in enumerate(figures))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {ROW * len(figures)}" role="img">'
    title = "<title>Each figure as a ratio to what it was measured against, beside its goal</title>"
    return f"{head}\n{title}\n<style>{STYLE}</style>\n{body}\n</svg>\n"


def _row(one: Figure, top: int) -> str:
    ratio, middle = one.ratio or 0, top + ROW - 9
    kind = "bar" if one.goal is None or one.is_reached else "short"
    parts = [
        f'<text x="0" y="{middle}">{escape(f"{one.name} / {one.against}")}</text>',
        f'<rect class="{kind}" x="{NAMES}" y="{top + 5}" width="{_place(ratio):.0f}" height="{ROW - 10}"/>',
        f'<text x="{NAMES + BARS + 10}" y="{middle}">{told(ratio)}</text>',
    ]
    if one.goal is not None:
        x = NAMES + _place(one.goal)
        parts.append(f'<line class="goal" x1="{x:.0f}" x2="{x:.0f}" y1="{top + 2}" y2="{top + ROW - 2}"/>')
    return "".join(parts)


def _place(ratio: float) -> float:
    return BARS * log10(min(max(ratio, LEAST), MOST) / LEAST) / log10(MOST / LEAST)
