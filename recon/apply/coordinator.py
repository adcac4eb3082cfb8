"""Apply one plan: lock → re-read → same digest? → claim → prepare all → decide → commit all → read back.

Whatever stops this process between two lines, `recovery.py` finishes what the journal says. Nothing here is undone by
hand: before the decision everything is presumed aborted, after it everything is pushed forward.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from recon.apply import journal
from recon.apply.changes import Changes, cells_of, changes_of
from recon.apply.claim import Approval, ClaimRefused, begin
from recon.apply.journal import Held, Overtaken
from recon.apply.locks import account_lock
from recon.apply.order import BUSY, Barred, Order, Refusal, Standing, refusal_of, refused
from recon.apply.record import record
from recon.apply.settle import Settler
from recon.apply.steps import Observer, Step
from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.engine.plan import Proposal, Risk
from recon.models import Apply, ApplyState, CallClass
from recon.stores.base import Branch, Prepared, RowWrite, StaleRow, StoreError, WritableStore

RecomputeNow = Callable[[str], Evaluation]
UndoNow = Callable[[str, UUID], Evaluation]
WhatBars = Callable[[Evaluation, datetime], Barred]


class Outcome(StrEnum):
    """How an order ended."""

    APPLIED = "applied"
    REFUSED = "refused"  # nothing was written: the world moved, or somebody may not
    FAILED = "failed"  # nothing was written: something broke
    IN_DOUBT = "in_doubt"  # decided, or not known here; recovery finishes it
    NEEDS_PERSON = "needs_person"


@dataclass(frozen=True, slots=True)
class Result:
    """`evaluation` is what the stores said just before; `code` is a word for programs: stale, busy, …"""

    outcome: Outcome
    code: str
    sentence: str
    apply_id: UUID | None = None
    evaluation: Evaluation | None = None


@dataclass(frozen=True, slots=True)
class Coordinator:
    """Applies plans. `recompute_now` reads all six stores live and lets the rules decide; `undo_now` does so too, and
    its plan is the inverse of a repair. `what_bars` says what stands in everybody's way at that moment."""

    instance: str
    stores: Mapping[StoreName, WritableStore]
    recompute_now: RecomputeNow
    undo_now: UndoNow
    what_bars: WhatBars
    settler: Settler
    clock: Callable[[], datetime]
    observe: Observer

    def apply(self, order: Order, *, approved: UUID | None = None) -> Result:
        """All of the plan, or none of it, and the audit either way. Our own database's errors are raised: then recovery
        settles whatever was begun.

        `approved` is the stored approval which this carries out; without one, approval and claim are one act.
        """
        with account_lock(order.account_id) as is_ours:
            if not is_ours:
                return self._come_later(order, approved)
            self.observe(Step.LOCKED)
            evaluation = self._look(order)
            self.observe(Step.RECOMPUTED)
            refusal = refusal_of(order, _standing(evaluation, self._what_bars(order, evaluation)))
            if refusal is not None:
                return self._refuse(order, refusal, approved, evaluation)
            changes = changes_of(evaluation.plan.writes, _chosen(order, evaluation), self.clock())
            approval = _approval(order, evaluation)
            try:
                held = begin(approval, changes, instance=self.instance, now=self.clock(), approved=approved)
            except ClaimRefused as error:
                return self._refuse(order, error.refusal, approved, evaluation)
            except Overtaken:
                return self._come_later(order, approved)
            self.observe(Step.CLAIMED)
            return _result(self._run(held, changes), evaluation)

    def _look(self, order: Order) -> Evaluation:
        if order.undoes is None:
            return self.recompute_now(order.account_id)
        return self.undo_now(order.account_id, order.undoes)

    def _what_bars(self, order: Order, evaluation: Evaluation) -> Barred:
        """What bars the drift's plan does not bar an undo: it takes back what was written, and writes no plan."""
        return self.what_bars(evaluation, self.clock()) if order.undoes is None else Barred()

    def _run(self, held: Held, changes: Changes) -> Apply:
        try:
            self._prepare_and_decide(held, changes)
            return self.settler.finish(held)
        except Overtaken:
            return Apply.objects.get(id=held.id)

    def _prepare_and_decide(self, held: Held, changes: Changes) -> None:
        try:
            prepared = self._prepare(held, changes.rows)
        except StoreError as error:
            is_stale = isinstance(error, StaleRow)
            journal.decide_abort(held, error.sentence, refused=is_stale, now=self.clock())
            self.observe(Step.ABORT_DECIDED)
            return
        self.observe(Step.ALL_PREPARED)
        if any(call.call_class is CallClass.PIVOT for call in changes.calls):
            journal.intend_pivot(held, prepared, now=self.clock())
            self.observe(Step.CALL_INTENDED)
            self.settler.settle_pivot(held, again=False)
        else:
            journal.decide_commit(held, prepared, now=self.clock())
            self.observe(Step.COMMIT_DECIDED)

    def _prepare(self, held: Held, rows: Mapping[StoreName, Sequence[RowWrite]]) -> list[Prepared]:
        """Writes everywhere, and only when each met its rows PREPARE everywhere; each time all in flight at once."""
        with ExitStack() as stack:
            branches: list[Branch] = []
            for store, writes in rows.items():
                branch = self.stores[store].branch()
                stack.callback(branch.abandon)
                branch.send_writes(held.gid(store), writes)
                branches.append(branch)
                self.observe(Step.WRITES_SENT)
            prepared = [branch.await_writes() for branch in branches]
            self.observe(Step.WRITES_CHECKED)
            for branch in branches:
                branch.send_prepare()
                self.observe(Step.PREPARE_SENT)
            self._await_prepares(branches)
        return prepared

    def _await_prepares(self, branches: Sequence[Branch]) -> None:
        """Waits for every answer before it raises the first error: one given up on would arrive after the abort."""
        errors = []
        for branch in branches:
            try:
                branch.await_prepare()
            except StoreError as error:
                errors.append(error)
            self.observe(Step.BRANCH_PREPARED)
        if errors:
            raise errors[0]

    def _come_later(self, order: Order, approved: UUID | None) -> Result:
        """Somebody else is at this account. A stored approval stays as it is: whoever is there may be doing it."""
        if approved is None:
            return self._refuse(order, BUSY, None, None)
        return Result(Outcome.IN_DOUBT, BUSY.code, BUSY.sentence, apply_id=approved)

    def _refuse(self, order: Order, refusal: Refusal, approved: UUID | None, evaluation: Evaluation | None) -> Result:
        """Nothing was begun; that somebody tried is recorded."""
        entry, event = refused(order, refusal, digest_now=evaluation.plan.digest if evaluation else None)
        if approved is None:
            record(entry, [event])
        else:
            journal.refuse_approved(
                approved, refusal, entry, event, mark_dirty=self.settler.mark_dirty, now=self.clock()
            )
        return Result(Outcome.REFUSED, refusal.code, refusal.sentence, apply_id=approved, evaluation=evaluation)


def _standing(evaluation: Evaluation, barred: Barred) -> Standing:
    return Standing(
        is_known=evaluation.verdict.known,
        reasons=evaluation.verdict.reasons,
        digest=evaluation.plan.digest,
        is_severe=evaluation.plan.risk is Risk.SEVERE,
        has_writes=bool(evaluation.plan.writes),
        proposals=[_name(proposal) for proposal in evaluation.plan.proposals],
        barred=barred,
    )


def _chosen(order: Order, evaluation: Evaluation) -> Proposal | None:
    return next((one for one in evaluation.plan.proposals if _name(one) == order.proposal), None)


def _name(proposal: Proposal) -> str:
    return f"{proposal.verb}:{proposal.object}"


def _approval(order: Order, evaluation: Evaluation) -> Approval:
    return Approval(
        account_id=order.account_id,
        digest=order.digest,
        risk=evaluation.plan.risk.value if evaluation.plan.risk else None,
        proposal=order.proposal or "",
        actor=order.actor,
        reason=order.reason,
        request_id=order.request_id,
        cells=cells_of(evaluation.plan.writes),
        overrides_pause=order.overrides_pause,
        request_key=order.request_key,
        undoes=order.undoes,
    )


def _result(apply: Apply, evaluation: Evaluation) -> Result:
    outcome, code, sentence = _ENDS.get(
        ApplyState(apply.state), (Outcome.IN_DOUBT, "in_doubt", "Not finished yet; recovery goes on with it.")
    )
    if apply.state in (ApplyState.ABORTED, ApplyState.ABORTING):
        outcome, code = (Outcome.REFUSED, "stale") if apply.refused else (Outcome.FAILED, "failed")
    return Result(outcome, code, apply.explanation or sentence, apply_id=apply.id, evaluation=evaluation)


_ENDS = {
    ApplyState.DONE: (Outcome.APPLIED, "applied", "Every store holds what was approved."),
    ApplyState.COMMITTING: (Outcome.IN_DOUBT, "committing", "Decided; what is out of reach now is finished later."),
    ApplyState.ABORTING: (Outcome.FAILED, "failed", "Nothing was written."),
    ApplyState.ABORTED: (Outcome.FAILED, "failed", "Nothing was written."),
    ApplyState.EXCEPTION: (Outcome.NEEDS_PERSON, "needs_person", "A person has to look."),
}
