"""Under which names the modes of a drift's classes are kept."""

from collections.abc import Collection
from typing import Final

VALUES: Final = "values"
"""What stands for a class where cells differ and make none."""


def mode_names(classes: Collection[str], *, has_cells: bool) -> tuple[str, ...]:
    """The names under which a drift's modes are kept."""
    return tuple(sorted(classes)) or ((VALUES,) if has_cells else ())
