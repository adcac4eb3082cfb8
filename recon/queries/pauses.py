"""Whether all applies are paused, by whom, and why; and which of an account's classes are only observed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from recon.models import Mode, Switch
from recon.queries.modes import mode_names

_BOTH: Final = """
select switch.set_by, switch.reason, switch.set_at,
    array(select name from class_mode where name = any(%(names)s::text[]) and mode = %(observe)s order by name)
from (values (%(paused)s)) as asked (name) left join switch on switch.name = asked.name and switch.is_on
"""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is applied until somebody lets it go on again. `set_by` is an actor, as user:name."""

    set_by: str
    reason: str
    set_at: datetime


def applies_paused() -> Pause | None:
    """None when plans may be applied."""
    row = Switch.objects.filter(name=Switch.APPLIES_PAUSED, is_on=True).first()
    return Pause(row.set_by, row.reason, row.set_at) if row else None


def pause_and_observed(classes: Collection[str], *, has_cells: bool) -> tuple[Pause | None, tuple[str, ...]]:
    """The same, and those of a drift's classes that are shown only, by one query: each account's page asks."""
    names = list(mode_names(classes, has_cells=has_cells))
    with connection.cursor() as cursor:
        cursor.execute(_BOTH, {"names": names, "observe": Mode.OBSERVE, "paused": Switch.APPLIES_PAUSED})
        set_by, reason, set_at, observed = cursor.fetchone()
    return Pause(set_by, reason, set_at) if set_at else None, tuple(observed)
