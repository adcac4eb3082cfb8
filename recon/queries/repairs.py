"""One repair as a page or a program follows it: what was approved, how far it is, and how it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from recon.models import (
    LIVE_STATES,
    Apply,
    ApplyBranch,
    ApplyCall,
    ApplyState,
    AuditEntry,
    BranchState,
    CallClass,
    CallState,
)


class StepName(StrEnum):
    """In the order in which a repair takes them."""

    APPROVED = "approved"
    CLAIMED = "claimed"
    PREPARED = "prepared"
    STRIPE_CALLED = "stripe_called"  # only with a Stripe proposal
    DECIDED = "decided"
    COMMITTED = "committed"
    READ_BACK = "read_back"


class StepState(StrEnum):
    DONE = "done"
    NOW = "now"
    WAITING = "waiting"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    name: StepName
    state: StepState


@dataclass(frozen=True, slots=True)
class Branch:
    """One store's part: planned, prepared, committed, rolled_back or lost."""

    store: str
    state: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call to Stripe: planned, intended, done or refused; `is_proposal` is the one that a person approved."""

    verb: str
    object_id: str
    state: str
    attempts: int
    http_status: int | None
    code: str
    is_proposal: bool


@dataclass(frozen=True, slots=True)
class Repair:
    """`writes` are cells (store, table, key, column, stored, truth, rule); `state` as in the journal; `undoes` is the
    repair whose inverse this is."""

    id: UUID
    account_id: str
    digest: str
    risk: str | None
    writes: Sequence[Mapping[str, Any]]
    proposal: str
    approved_by: str
    reason: str
    request_id: str
    created_at: datetime
    expires_at: datetime
    state: str
    code: str
    explanation: str
    waiting_for: str
    refused: bool
    decided_at: datetime | None
    closed_at: datetime | None
    takeovers: int
    branches: tuple[Branch, ...]
    calls: tuple[Call, ...]
    steps: tuple[Step, ...]
    audit_seqs: tuple[int, ...]
    undoes: UUID | None

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES


# Where a live repair in this state stands (one that is rolled back has failed): what comes before is done, what comes
# after waits.
_STANDS_AT: Final = {
    ApplyState.APPROVED: StepName.CLAIMED,
    ApplyState.PREPARING: StepName.PREPARED,
    ApplyState.CALLING: StepName.STRIPE_CALLED,
    ApplyState.COMMITTING: StepName.COMMITTED,
}


def repair(apply_id: UUID) -> Repair | None:
    return _first(Apply.objects.filter(id=apply_id))


def live_repair(account_id: str) -> Repair | None:
    """The one that is under way for this account, if any."""
    return _first(Apply.objects.filter(account_id=account_id, state__in=LIVE_STATES))


def last_repair(account_id: str) -> Repair | None:
    return _first(Apply.objects.filter(account_id=account_id).order_by("-created_at"))


def _first(rows: QuerySet[Apply]) -> Repair | None:
    branches = Prefetch("branches", ApplyBranch.objects.order_by("id"))
    calls = Prefetch("calls", ApplyCall.objects.order_by("position"))
    apply = rows.prefetch_related(branches, calls).first()
    return _repair(apply) if apply is not None else None


def _repair(apply: Apply) -> Repair:
    branches, calls = list(apply.branches.all()), list(apply.calls.all())
    entries = AuditEntry.objects.filter(apply_id=apply.id).order_by("seq")
    return Repair(
        id=apply.id,
        account_id=apply.account_id,
        digest=apply.digest,
        risk=apply.risk,
        writes=apply.writes,
        proposal=apply.proposal,
        approved_by=apply.approved_by,
        reason=apply.reason,
        request_id=apply.request_id,
        created_at=apply.created_at,
        expires_at=apply.expires_at,
        state=apply.state,
        code=apply.code,
        explanation=apply.explanation,
        waiting_for=apply.waiting_for,
        refused=apply.refused,
        decided_at=apply.decided_at,
        closed_at=apply.closed_at,
        takeovers=apply.takeovers,
        branches=tuple(Branch(branch.store, branch.state) for branch in branches),
        calls=tuple(_call(call) for call in calls),
        steps=steps_of(apply, branches, calls),
        audit_seqs=tuple(entries.values_list("seq", flat=True)),
        undoes=apply.undoes_id,
    )


def _call(call: ApplyCall) -> Call:
    return Call(
        verb=call.verb,
        object_id=call.object_id,
        state=call.state,
        attempts=call.attempts,
        http_status=call.http_status,
        code=call.code,
        is_proposal=call.call_class == CallClass.PIVOT,
    )


def steps_of(apply: Apply, branches: Sequence[ApplyBranch], calls: Sequence[ApplyCall]) -> tuple[Step, ...]:
    """How far it is: one step stands at "now" while it is live; one is "failed" when it came to nothing."""
    names = [name for name in StepName if name is not StepName.STRIPE_CALLED or apply.proposal]
    if apply.state == ApplyState.DONE:
        return tuple(Step(name, StepState.DONE) for name in names)
    if apply.state in LIVE_STATES and apply.state != ApplyState.ABORTING:
        return _split(names, _now(ApplyState(apply.state), branches), StepState.NOW, StepState.WAITING)
    return _split(names, _failed_at(apply, branches, calls), StepState.FAILED, StepState.SKIPPED)


def _split(names: Sequence[StepName], at: StepName, here: StepState, later: StepState) -> tuple[Step, ...]:
    place = names.index(at)
    states = [StepState.DONE] * place + [here] + [later] * (len(names) - place - 1)
    return tuple(Step(name, state) for name, state in zip(names, states, strict=True))


def _now(state: ApplyState, branches: Sequence[ApplyBranch]) -> StepName:
    has_committed = bool(branches) and all(branch.state == BranchState.COMMITTED for branch in branches)
    return StepName.READ_BACK if state is ApplyState.COMMITTING and has_committed else _STANDS_AT[state]


def _failed_at(apply: Apply, branches: Sequence[ApplyBranch], calls: Sequence[ApplyCall]) -> StepName:
    if apply.state == ApplyState.EXCEPTION:
        return StepName.COMMITTED
    if not branches and not calls:
        return StepName.CLAIMED
    refused = any(call.call_class == CallClass.PIVOT and call.state == CallState.REFUSED for call in calls)
    return StepName.STRIPE_CALLED if refused and apply.proposal else StepName.PREPARED
