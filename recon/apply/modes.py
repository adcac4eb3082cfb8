"""Which classes of drift are only observed: asked by every approval and every apply, people's and the engine's own."""

from collections.abc import Iterable
from typing import Final

from recon.models import ClassMode, Mode

VALUES: Final = "values"
"""What stands for a class where cells differ and make none."""


def classes_of(classes: Iterable[str], *, has_cells: bool) -> tuple[str, ...]:
    """The names under which modes are looked up for a drift."""
    return tuple(sorted(classes)) or ((VALUES,) if has_cells else ())


def observed_among(classes: Iterable[str], *, has_cells: bool) -> tuple[str, ...]:
    """Those of a drift's classes that nobody may write."""
    named = classes_of(classes, has_cells=has_cells)
    rows = ClassMode.objects.filter(name__in=named, mode=Mode.OBSERVE).order_by("name")
    return tuple(rows.values_list("name", flat=True)) if named else ()
