"""Remove what is older than it is kept for; never audit, nor what an account's state rests on.

By the primary key, some thousand rows at a time, each time a transaction of its own: nobody waits for it, and whatever
ends it, what is gone is gone and the next run goes on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import AutoField

from recon.actions.retention import AGED, Aged
from recon.apply.record import Entry, record

AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Pruned:
    """Rows removed by table, each table of the retention; not `is_whole` where time was up before the end."""

    removed: Mapping[str, int]
    is_whole: bool


def prune(*, now: datetime, actor: str, has_time: Callable[[], bool] = lambda: True) -> Pruned:
    """All that is old by the settings, while there is time: it is asked before each step."""
    removed = dict.fromkeys((aged.table for aged in AGED), 0)
    for aged in AGED:
        after: Any = None
        while has_time():
            gone, after = _step(aged, aged.before(now), after, actor)
            removed[aged.table] += gone
            if after is None:
                break
        else:
            return Pruned(removed, is_whole=False)
    return Pruned(removed, is_whole=True)


def prune_table(aged: Aged, *, before: datetime, actor: str) -> int:
    """One table alone, of what is before that moment. How many rows."""
    removed, after = _step(aged, before, None, actor)
    while after is not None:
        gone, after = _step(aged, before, after, actor)
        removed += gone
    return removed


def _step(aged: Aged, before: datetime, after: Any, actor: str) -> tuple[int, Any]:
    """Of the next rows by key, those that go: how many, and after which key to go on; None at the end."""
    rows = aged.model._default_manager.all()
    ahead = rows if after is None else rows.filter(pk__gt=after)
    keys = list(ahead.order_by("pk").values_list("pk", aged.by)[:AT_ONCE])
    if not keys or _is_young(aged, keys, before):
        return 0, None
    old = ahead.filter(pk__lte=keys[-1][0], **{f"{aged.by}__lt": before}).filter(aged.goes(before))
    with transaction.atomic():
        gone = rows.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[1].get(aged.model._meta.label, 0)
        if gone and aged.audited:
            after_it = {"removed": gone, "before": before.isoformat()}
            record(Entry(actor, aged.audited, "older than they are kept for", after=after_it))
    return gone, keys[-1][0] if len(keys) == AT_ONCE else None


def _is_young(aged: Aged, keys: list[tuple[Any, datetime | None]], before: datetime) -> bool:
    """Rows that are numbered as they come are older before, and younger after."""
    is_numbered = isinstance(aged.model._meta.pk, AutoField)
    return is_numbered and all(at is None or at >= before for _, at in keys)
