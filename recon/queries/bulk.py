"""Bulk repairs as pages and programs follow them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count

from recon.models import ApplyCall, BulkKind, BulkRepair, BulkRepairItem, CallClass, StripePace

FEW: Final = 100
AT_ONCE: Final = 1_000
OUTCOMES: Final = ("applied", "already_true", "refused_moved", "failed", "in_doubt", "skipped")


@dataclass(frozen=True, slots=True)
class BulkRun:
    """One bulk repair; `actor` and `second` are as user:name, `outcomes` is outcome → items, for all outcomes.
    `accounts` is how many items it has, which in a run of proposals are proposals. `per_second` is the pace of the last
    items, None before there is one. `halvings`: how often Stripe made bulk runs halve their pace, since `slowed_at`."""

    id: int
    kind: str
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
    halvings: int = 0
    slowed_at: datetime | None = None

    @property
    def is_of_proposals(self) -> bool:
        return self.kind == BulkKind.PROPOSALS

    @property
    def any_severe(self) -> bool:
        """Whoever may start and approve a severe plan may ask Stripe, and nobody else."""
        return self.is_of_proposals or bool(self.totals.get("risks", {}).get("severe"))


@dataclass(frozen=True, slots=True)
class BulkLine:
    """One account of a run, or one proposal (`verb:object`); `outcome` is empty while nothing has come of it.
    `http_status` and `code` are Stripe's last answer to the call."""

    id: int
    position: int
    account_id: str
    digest: str
    outcome: str
    explanation: str
    apply_id: UUID | None
    tries: int
    done_at: datetime | None
    proposal: str = ""
    http_status: int | None = None
    code: str = ""


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
    return _lines(list(rows.order_by("id")[:limit]))


def every_bulk_line(run_id: int, *, outcome: str = "") -> Iterator[BulkLine]:
    """All of them, read a thousand at a time."""
    after = 0
    while page := bulk_lines(run_id, outcome=outcome, after=after, limit=AT_ONCE):
        yield from page
        after = page[-1].id


def outcomes_of(run_id: int) -> dict[str, int]:
    """How many items came to each outcome that there was."""
    ended = BulkRepairItem.objects.filter(bulk_repair=run_id).exclude(outcome="").order_by()
    return dict(ended.values_list("outcome").annotate(Count("id")))


def moved_accounts(run_id: int) -> list[str]:
    """Those whose plan was another one by then, each once."""
    rows = BulkRepairItem.objects.filter(bulk_repair=run_id, outcome="refused_moved").order_by("id")
    return list(dict.fromkeys(rows.values_list("account_id", flat=True)))


def accounts_of(run_id: int) -> list[str]:
    """The accounts of a run, each once."""
    return list(BulkRepairItem.objects.filter(bulk_repair=run_id).values_list("account_id", flat=True).distinct())


def _run(row: BulkRepair) -> BulkRun:
    slow = StripePace.objects.filter(halvings__gt=0).first() if row.state == "running" else None
    counted = outcomes_of(row.id)
    return BulkRun(
        id=row.id,
        kind=row.kind,
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
        halvings=slow.halvings if slow else 0,
        slowed_at=slow.slowed_at if slow else None,
    )


def _pace(row: BulkRepair) -> float | None:
    """Accounts a second, over the last hundred that were done."""
    last = row.items.filter(done_at__isnull=False).order_by("-done_at").values_list("done_at", flat=True)[:FEW]
    moments = [moment for moment in last if moment is not None]
    seconds = (moments[0] - moments[-1]).total_seconds() if len(moments) > 1 else 0.0
    return (len(moments) - 1) / seconds if seconds else None


def _lines(rows: Iterable[BulkRepairItem]) -> list[BulkLine]:
    rows = list(rows)
    asked = [row.apply_id for row in rows if row.proposal and row.apply_id]
    calls = ApplyCall.objects.filter(apply__in=asked, call_class=CallClass.PIVOT) if asked else ()
    answers: dict[UUID | None, tuple[int | None, str]] = {
        call.apply_id: (call.http_status, call.code) for call in calls
    }
    return [_line(row, *answers.get(row.apply_id, (None, ""))) for row in rows]


def _line(row: BulkRepairItem, http_status: int | None, code: str) -> BulkLine:
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
        row.proposal,
        http_status,
        code,
    )
