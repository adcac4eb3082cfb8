"""Whether all applies are paused, by whom, and why; and what else stands in the way of an account's plan."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from recon.models import Mode, Switch
from recon.queries.modes import mode_names
from recon.queries.read_only import READ_ONLY, places_of, why_read_only

_ALL: Final = f"""
select switch.set_by, switch.reason, switch.set_at,
    array(select name from class_mode where name = any(%(names)s::text[]) and mode = %(observe)s order by name),
    ({READ_ONLY})
from (values (%(paused)s)) as asked (name) left join switch on switch.name = asked.name and switch.is_on
"""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is applied until somebody lets it go on again. `set_by` is an actor, as user:name."""

    set_by: str
    reason: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class InTheWay:
    """Who paused all applies, the classes of a drift that are shown only, and why what its plan writes to is only read,
    in words (empty: it can be written)."""

    pause: Pause | None
    observed: tuple[str, ...]
    read_only: str


def applies_paused() -> Pause | None:
    """None when plans may be applied."""
    row = Switch.objects.filter(name=Switch.APPLIES_PAUSED, is_on=True).first()
    return Pause(row.set_by, row.reason, row.set_at) if row else None


def in_the_way(classes: Collection[str], writes: Collection[Mapping[str, Any]], *, has_cells: bool) -> InTheWay:
    """Of a drift with these classes and a plan with these cells, by one query: each account's page asks."""
    names = list(mode_names(classes, has_cells=has_cells))
    with connection.cursor() as cursor:
        cursor.execute(_ALL, {"names": names, "observe": Mode.OBSERVE, "paused": Switch.APPLIES_PAUSED})
        set_by, reason, set_at, observed, told = cursor.fetchone()
    pause = Pause(set_by, reason, set_at) if set_at else None
    return InTheWay(pause, tuple(observed), why_read_only(places_of(writes), json.loads(told)))
