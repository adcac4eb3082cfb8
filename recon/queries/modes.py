"""Which classes of drift are only observed, so that nobody may write what they would need."""

from collections.abc import Collection
from typing import Final

from recon.models import ClassMode, Mode

VALUES: Final = "values"
"""What stands for a class where cells differ and make none."""


def mode_names(classes: Collection[str], *, has_cells: bool) -> tuple[str, ...]:
    """The names under which a drift's modes are kept."""
    return tuple(sorted(classes)) or ((VALUES,) if has_cells else ())


def observed_classes(classes: Collection[str], *, has_cells: bool) -> tuple[str, ...]:
    """Those of a drift's classes that are shown only, by name."""
    named = mode_names(classes, has_cells=has_cells)
    rows = ClassMode.objects.filter(name__in=named, mode=Mode.OBSERVE).order_by("name")
    return tuple(rows.values_list("name", flat=True)) if named else ()
