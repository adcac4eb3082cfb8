"""Bulk repairs as pages and programs follow them, and the plans that one is made of."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count

from recon.models import BulkRepair, BulkRepairItem
from recon.queries.queue_filter import QueueFilter, conditions_of, values_of

FEW: Final = 100
AT_ONCE: Final = 1_000
OUTCOMES: Final = ("applied", "already_true", "refused_moved", "failed", "in_doubt", "skipped")
# In the order of harm, as the lists are.
PLANS: Final = """
select one.account_id, one.state, one.classes, one.risk, one.owed, e.digest, e.writes
from (select * from account_state as each where {conditions}) as one
join evaluation as e on e.id = one.evaluation_id
order by one.harm_rank, one.owed_rank, one.account_id
limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """An account's latest plan. `owed` is currency → minor units; `writes` are cells as in the answer's JSON."""

    account_id: str
    state: str | None
    classes: tuple[str, ...]
    risk: str | None
    owed: Mapping[str, int]
    digest: str
    writes: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class BulkRun:
    """One bulk repair; `actor` and `second` are as user:name, `outcomes` is outcome → accounts, for all outcomes.
    `per_second` is the pace of the last accounts, None before there is one."""

    id: int
    state: str
    stage: str
    actor: str
    second: str
    reason: str
    frozen_at: datetime
    began_at: datetime | None
    finished_at: datetime | None
    selection: Mapping[str, Any]
    totals: Mapping[str, Any]
    accounts: int
    done: int
    problems: int
    outcomes: Mapping[str, int]
    stopped_by: str
    stop_reason: str
    stopped_at: datetime | None
    per_second: float | None

    @property
    def any_severe(self) -> bool:
        return bool(self.totals.get("risks", {}).get("severe"))


@dataclass(frozen=True, slots=True)
class BulkLine:
    """One account of a run; `outcome` is empty while nothing has come of it."""

    id: int
    position: int
    account_id: str
    digest: str
    outcome: str
    explanation: str
    apply_id: UUID | None
    tries: int
    done_at: datetime | None


def bulk_run(run_id: int) -> BulkRun | None:
    row = BulkRepair.objects.filter(id=run_id).first()
    return _run(row) if row else None


def bulk_runs(*, below: int | None = None, limit: int = 50) -> list[BulkRun]:
    """The newest first, drafts too."""
    rows = BulkRepair.objects.filter(id__lt=below) if below is not None else BulkRepair.objects.all()
    return [_run(row) for row in rows.order_by("-id")[:limit]]


def bulk_lines(run_id: int, *, outcome: str = "", after: int = 0, limit: int = 50) -> list[BulkLine]:
    """The next accounts after an item's id, of one outcome or of all; `open`: those without one."""
    rows = BulkRepairItem.objects.filter(bulk_repair=run_id, id__gt=after)
    if outcome:
        rows = rows.filter(outcome="" if outcome == "open" else outcome)
    return [_line(row) for row in rows.order_by("id")[:limit]]


def every_bulk_line(run_id: int, *, outcome: str = "") -> Iterator[BulkLine]:
    """All of them, read a thousand at a time."""
    after = 0
    while page := bulk_lines(run_id, outcome=outcome, after=after, limit=AT_ONCE):
        yield from page
        after = page[-1].id


def moved_accounts(run_id: int) -> list[str]:
    """Those whose plan was another one by then."""
    rows = BulkRepairItem.objects.filter(bulk_repair=run_id, outcome="refused_moved").order_by("id")
    return list(rows.values_list("account_id", flat=True))


def plans_matching(wanted: QueueFilter, *, limit: int) -> list[BulkPlan]:
    """Of the accounts that the list would show, those with something to write."""
    return _plans(conditions_of(wanted), values_of(wanted), limit)


def plans_of(account_ids: Sequence[str], *, limit: int) -> list[BulkPlan]:
    """Of these accounts, those with something to write."""
    return _plans(["account_id = any(%(ids)s)"], {"ids": list(account_ids)}, limit)


def _plans(conditions: Sequence[str], values: Mapping[str, Any], limit: int) -> list[BulkPlan]:
    told = " and ".join([*conditions, "writes > 0", "is_known"])
    with connection.cursor() as cursor:
        cursor.execute(PLANS.format(conditions=told), {**values, "limit": limit})
        return [
            BulkPlan(account_id, state, tuple(classes), risk, json.loads(owed), digest, json.loads(writes))
            for account_id, state, classes, risk, owed, digest, writes in cursor.fetchall()
        ]


def _run(row: BulkRepair) -> BulkRun:
    counted = dict(row.items.exclude(outcome="").order_by().values_list("outcome").annotate(Count("id")))
    return BulkRun(
        id=row.id,
        state=row.state,
        stage=row.stage,
        actor=row.actor,
        second=row.second,
        reason=row.reason,
        frozen_at=row.started_at,
        began_at=row.began_at,
        finished_at=row.finished_at,
        selection=row.selection,
        totals=row.totals,
        accounts=row.accounts,
        done=row.done,
        problems=row.problems,
        outcomes={outcome: counted.get(outcome, 0) for outcome in OUTCOMES},
        stopped_by=row.stopped_by,
        stop_reason=row.stop_reason,
        stopped_at=row.stopped_at,
        per_second=_pace(row) if row.state == "running" else None,
    )


def _pace(row: BulkRepair) -> float | None:
    """Accounts a second, over the last hundred that were done."""
    last = row.items.filter(done_at__isnull=False).order_by("-done_at").values_list("done_at", flat=True)[:FEW]
    moments = [moment for moment in last if moment is not None]
    seconds = (moments[0] - moments[-1]).total_seconds() if len(moments) > 1 else 0.0
    return (len(moments) - 1) / seconds if seconds else None


def _line(row: BulkRepairItem) -> BulkLine:
    return BulkLine(
        row.id,
        row.position,
        row.account_id,
        row.digest,
        row.outcome,
        row.explanation,
        row.apply_id,
        row.tries,
        row.done_at,
    )
