"""What stands in everybody's way to a plan, whoever approved it: classes that are shown only, a difference accepted."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from recon.models import Mode
from recon.queries.modes import mode_names
from recon.queries.read_only import READ_ONLY

ACCEPTANCE: Final = "kind = 'accept' and ended_at is null and closed_at is null and until > %(now)s"
"""The condition of a row of case_decision that is honoured at the moment `now`."""
_ALL: Final = f"""
select
    array(select name from class_mode where name = any(%(names)s::text[]) and mode = %(observe)s order by name),
    (select jsonb_build_object('until', until, 'by', decided_by, 'reason', reason) from case_decision
     where account_id = %(account)s and {ACCEPTANCE} order by until desc, id desc limit 1),
    ({READ_ONLY})
"""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Somebody (`by`, as user:name) lets a difference be until a day; the longest of an account."""

    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bars:
    """The classes of a drift that are only observed, by name, the acceptance that runs, and place by place why it is
    only read."""

    observed: tuple[str, ...]
    acceptance: Acceptance | None
    read_only: Mapping[str, str]


def bars_of(account_id: str, classes: Collection[str], *, has_cells: bool, now: datetime) -> Bars:
    """All by one query: it is asked before each approval and again before each apply."""
    names = list(mode_names(classes, has_cells=has_cells))
    values: dict[str, Any] = {"names": names, "observe": Mode.OBSERVE, "account": account_id, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_ALL, values)
        ((observed, told, read_only),) = cursor.fetchall()
    return Bars(tuple(observed), _acceptance(told), json.loads(read_only))


def _acceptance(told: str | None) -> Acceptance | None:
    if told is None:
        return None
    given = json.loads(told)
    return Acceptance(datetime.fromisoformat(given["until"]), given["by"], given["reason"])
