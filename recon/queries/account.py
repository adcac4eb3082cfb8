"""One account as the inspector shows it: the latest outcome, and beside it what every store said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recon.engine.facts import StoreName
from recon.models import AccountState, Evaluation
from recon.queries.snapshots import StoreSaid, latest

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AccountView:
    """The latest evaluation (`truth`, `because`, `cells`, `writes`, … as in the answer's JSON), how each store was read
    (`reads`: store → {ok, as_of, reason}), and what each store said last."""

    account_id: str
    evaluation_id: int
    evaluated_at: datetime
    changed_at: datetime
    drift_since: datetime | None
    trigger: str
    actor: str
    is_known: bool
    reasons: Sequence[str]
    truth: Json | None
    because: Mapping[str, Json]
    classes: Sequence[str]
    details: Sequence[str]
    cells: Sequence[Json]
    digest: str
    risk: str | None
    writes: Sequence[Json]
    proposals: Sequence[Json]
    findings: Sequence[Json]
    next_evaluation_at: datetime | None
    reads: Mapping[str, Json]
    stores: Mapping[StoreName, StoreSaid]


@dataclass(frozen=True, slots=True)
class PastEvaluation:
    """One line of an account's course: an outcome, and when it began to hold."""

    evaluation_id: int
    at: datetime
    trigger: str
    actor: str
    is_known: bool
    state: str | None
    classes: Sequence[str]
    drifted_cells: int
    risk: str | None


def account_view(account_id: str) -> AccountView | None:
    """None when the account was never evaluated."""
    state = AccountState.objects.select_related("evaluation").filter(account_id=account_id).first()
    return _view(state, state.evaluation) if state is not None else None


def evaluations(account_id: str, *, limit: int = 100) -> list[PastEvaluation]:
    """The account's outcomes, newest first."""
    rows = Evaluation.objects.filter(account_id=account_id).order_by("-at", "-id")[:limit]
    return [
        PastEvaluation(
            evaluation_id=row.id,
            at=row.at,
            trigger=row.trigger,
            actor=row.actor,
            is_known=row.is_known,
            state=row.state,
            classes=row.classes,
            drifted_cells=len(row.cells),
            risk=row.risk,
        )
        for row in rows
    ]


def _view(state: AccountState, evaluation: Evaluation) -> AccountView:
    return AccountView(
        account_id=state.account_id,
        evaluation_id=evaluation.id,
        evaluated_at=state.evaluated_at,
        changed_at=state.changed_at,
        drift_since=state.drift_since,
        trigger=evaluation.trigger,
        actor=evaluation.actor,
        is_known=evaluation.is_known,
        reasons=evaluation.reasons,
        truth=evaluation.truth,
        because=evaluation.because,
        classes=evaluation.classes,
        details=evaluation.details,
        cells=evaluation.cells,
        digest=evaluation.digest,
        risk=evaluation.risk,
        writes=evaluation.writes,
        proposals=evaluation.proposals,
        findings=evaluation.findings,
        next_evaluation_at=evaluation.next_evaluation_at,
        reads=state.reads,
        stores=latest(state.account_id),
    )
