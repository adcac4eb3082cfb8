"""What one release answers, beside what another did."""

from typing import Any


def lacks(told: Any, now: Any, where: str = "") -> list[str]:
    """Where an answer of this release leaves out, or changes, what the old one told; more may stand beside it."""
    if isinstance(told, dict) and isinstance(now, dict):
        kept = told.keys() - {"age_seconds"}
        inside = [lacks(told[name], now.get(name), f"{where}.{name}") for name in sorted(kept)]
    elif isinstance(told, list) and isinstance(now, list) and len(told) == len(now):
        inside = [lacks(*pair, f"{where}[{number}]") for number, pair in enumerate(zip(told, now, strict=True))]
    else:
        return [] if told == now else [where]
    return [one for found in inside for one in found]
