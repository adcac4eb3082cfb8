"""Which classes of drift are only observed, so that nobody may write what they would need."""

from collections.abc import Collection
from typing import Final

from recon.models import ClassMode, Mode

VALUES: Final = "values"
"""What stands for a class where cells differ and make none."""


def observed_classes(classes: Collection[str], *, has_cells: bool) -> tuple[str, ...]:
    """Those of a drift's classes that are shown only, by name."""
    named = sorted(classes) or ([VALUES] if has_cells else [])
    if not named:
        return ()
    rows = ClassMode.objects.filter(name__in=named, mode=Mode.OBSERVE).order_by("name")
    return tuple(rows.values_list("name", flat=True))
