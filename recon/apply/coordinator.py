"""Apply plans: lock → re-read → same digest? → claim → prepare all → decide → commit all → read back.

Whatever stops this process between two lines, `recovery.py` finishes what the journal says. Nothing here is undone by
hand: before the decision everything is presumed aborted, after it everything is pushed forward.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from recon.apply import journal
from recon.apply.changes import Changes, cells_of, changes_of
from recon.apply.claim import Approval, Claim, begin_all, begin_stored
from recon.apply.journal import Held, Overtaken
from recon.apply.locks import account_locks
from recon.apply.order import BUSY, READ_ONLY, Barred, Order, Refusal, Standing, refusal_of, refused
from recon.apply.prepare import prepare_all
from recon.apply.record import record
from recon.apply.settle import Settler
from recon.apply.steps import Observer, Step
from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.engine.plan import Proposal, Risk
from recon.models import Apply, ApplyState, CallClass
from recon.stores.base import NotWritable, Prepared, StaleRow, StoreError, WritableStore
from recon.traces import moment, passed, span
from recon.under_way import under_way

RecomputeNow = Callable[[Sequence[str]], Mapping[str, Evaluation]]
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
    """Applies plans. `recompute_now` reads all six stores live and lets the rules decide, of several accounts at once;
    `undo_now` does so of one, and its plan is the inverse of a repair. `what_bars` says what stands in everybody's way
    at that moment."""

    instance: str
    stores: Mapping[StoreName, WritableStore]
    recompute_now: RecomputeNow
    undo_now: UndoNow
    what_bars: WhatBars
    settler: Settler
    clock: Callable[[], datetime]
    observe: Observer

    def apply(self, order: Order) -> Result:
        """All of the plan, or none of it, and the audit either way. Our own database's errors are raised: then recovery
        settles whatever was begun."""
        (result,) = self.apply_all([order])
        return result

    def apply_all(self, orders: Sequence[Order]) -> list[Result]:
        """The same of several, each all or nothing by itself: their reads and writes are in flight together, and the
        steps of the journal that they take together are one commit. One with a proposal goes best alone: while Stripe
        is asked its rows are locked, and those of the next one too."""
        since = moment()
        with under_way("apply") as work:
            with account_locks([order.account_id for order in orders]) as ours:
                passed("lock", since)
                free = [order for order in orders if order.account_id in ours]
                ends = self._apply(free) if free else {}
            results = [ends[order] if order in ends else self._refuse(order, BUSY, None) for order in orders]
            work.say(accounts=len(orders), outcomes=sorted({result.outcome.value for result in results}))
            for order, result in zip(orders, results, strict=True):
                _tell(order, result, since)
        return results

    def _apply(self, orders: Sequence[Order]) -> dict[Order, Result]:
        """Accounts whose locks are ours."""
        self.observe(Step.LOCKED)
        looked = self._look(orders)
        self.observe(Step.RECOMPUTED)
        barred = {order: self._why_not(order, looked[order]) for order in orders}
        claims = {order: _claim(order, looked[order], self.clock()) for order, why in barred.items() if why is None}
        with span("claim"):
            begun = self._begin(claims)
        refusals = [(order, why) for order, why in {**barred, **begun}.items() if isinstance(why, Refusal)]
        ends = {order: self._refuse(order, why, looked[order]) for order, why in refusals}
        held = {one: order for order, one in begun.items() if isinstance(one, Held)}
        if held:
            self.observe(Step.CLAIMED)
            applies = self._run({one: claims[order].changes for one, order in held.items()})
            ends |= {order: _result(applies[one], looked[order]) for one, order in held.items()}
        return ends

    def _look(self, orders: Sequence[Order]) -> dict[Order, Evaluation]:
        """All six stores live, for each account; the plan of an undo is an inverse."""
        with span("re-read"):
            found = self.recompute_now([order.account_id for order in orders if order.undoes is None])
            return {
                one: found[one.account_id] if one.undoes is None else self.undo_now(one.account_id, one.undoes)
                for one in orders
            }

    def _why_not(self, order: Order, evaluation: Evaluation) -> Refusal | None:
        barred = self.what_bars(evaluation, self.clock())
        if order.undoes is not None:
            # What bars the drift's plan does not bar an undo: it takes back what was written, and writes no plan.
            barred = Barred(read_only=barred.read_only)
        return refusal_of(order, _standing(evaluation, barred))

    def _begin(self, claims: Mapping[Order, Claim]) -> dict[Order, Held | Refusal]:
        """What is approved by being begun in one commit, each stored approval in its own."""
        new = [order for order in claims if order.approved is None]
        begun = begin_all([claims[order] for order in new], instance=self.instance, now=self.clock()) if new else []
        stored = {
            order: begin_stored(claim, order.approved, instance=self.instance, now=self.clock())
            for order, claim in claims.items()
            if order.approved is not None
        }
        return dict(zip(new, begun, strict=True)) | stored

    def _run(self, begun: Mapping[Held, Changes]) -> dict[Held, Apply]:
        """What has nothing to ask of Stripe is decided first, and together: so locks are let go soonest."""
        rows = {held: changes.rows for held, changes in begun.items()}
        with span("prepare all"):
            came = prepare_all(rows, self.stores, self.observe)
        prepared = {held: branches for held, branches in came.items() if not isinstance(branches, StoreError)}
        if prepared:
            self.observe(Step.ALL_PREPARED)
        asking = {held for held in prepared if any(call.call_class is CallClass.PIVOT for call in begun[held].calls)}
        ends = self._commit({held: branches for held, branches in prepared.items() if held not in asking})
        alone = [held for held in begun if held in asking or held not in prepared]
        ends |= {held: self._finish_alone(held, came[held]) for held in alone}
        return ends | {held: Apply.objects.get(id=held.id) for held in begun if held not in ends}

    def _commit(self, prepared: Mapping[Held, Sequence[Prepared]]) -> dict[Held, Apply]:
        """Those that nobody took over meanwhile."""
        if not prepared:
            return {}
        with span("decide", decision="commit"):
            decided = journal.decide_commits(prepared, now=self.clock())
        if not decided:
            return {}
        self.observe(Step.COMMIT_DECIDED)
        return self.settler.finish_commits(decided)

    def _finish_alone(self, held: Held, prepared: Sequence[Prepared] | StoreError) -> Apply:
        try:
            if isinstance(prepared, StoreError):
                code = READ_ONLY if isinstance(prepared, NotWritable) else ""
                is_refused = bool(code) or isinstance(prepared, StaleRow)
                with span("decide", decision="abort"):
                    journal.decide_abort(held, prepared.sentence, refused=is_refused, code=code, now=self.clock())
                self.observe(Step.ABORT_DECIDED)
            else:
                journal.intend_pivot(held, prepared, now=self.clock())
                self.observe(Step.CALL_INTENDED)
                self.settler.settle_pivot(held, again=False)
            return self.settler.finish(held)
        except Overtaken:
            return Apply.objects.get(id=held.id)

    def _refuse(self, order: Order, refusal: Refusal, evaluation: Evaluation | None) -> Result:
        """Nothing was begun; that somebody tried is recorded."""
        if order.approved is not None and refusal is BUSY:
            # The stored approval stays as it is: whoever is at the account may be doing it.
            return Result(Outcome.IN_DOUBT, refusal.code, refusal.sentence, apply_id=order.approved)
        entry, event = refused(order, refusal, digest_now=evaluation.plan.digest if evaluation else None)
        if order.approved is None:
            record(entry, [event])
        else:
            journal.refuse_approved(
                order.approved, refusal, entry, event, mark_dirty=self.settler.mark_dirty, now=self.clock()
            )
        return Result(Outcome.REFUSED, refusal.code, refusal.sentence, apply_id=order.approved, evaluation=evaluation)


def _tell(order: Order, result: Result, since: int) -> None:
    repair_id = {} if result.apply_id is None else {"repair_id": str(result.apply_id)}
    outcome = {"outcome": result.outcome.value, "code": result.code}
    passed("apply one", since, account_id=order.account_id, **repair_id, **outcome)


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


def _claim(order: Order, evaluation: Evaluation, now: datetime) -> Claim:
    approval = Approval(
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
    return Claim(approval, changes_of(evaluation.plan.writes, _chosen(order, evaluation), now))


def _result(apply: Apply, evaluation: Evaluation) -> Result:
    outcome, code, sentence = _ENDS.get(
        ApplyState(apply.state), (Outcome.IN_DOUBT, "in_doubt", "Not finished yet; recovery goes on with it.")
    )
    if apply.state in (ApplyState.ABORTED, ApplyState.ABORTING):
        outcome, code = (Outcome.REFUSED, apply.code or "stale") if apply.refused else (Outcome.FAILED, "failed")
    return Result(outcome, code, apply.explanation or sentence, apply_id=apply.id, evaluation=evaluation)


_ENDS = {
    ApplyState.DONE: (Outcome.APPLIED, "applied", "Every store holds what was approved."),
    ApplyState.COMMITTING: (Outcome.IN_DOUBT, "committing", "Decided; what is out of reach now is finished later."),
    ApplyState.ABORTING: (Outcome.FAILED, "failed", "Nothing was written."),
    ApplyState.ABORTED: (Outcome.FAILED, "failed", "Nothing was written."),
    ApplyState.EXCEPTION: (Outcome.NEEDS_PERSON, "needs_person", "A person has to look."),
}
