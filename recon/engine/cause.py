"""Which event the stores have not followed, told from the facts and the direction in which the stores are wrong.

A guess never stands here as knowledge: where the facts do not say it, the answer is `not_known`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from recon.engine.assessment import Assessment, Judgement
from recon.engine.drift import Cell
from recon.engine.enums import (
    AccountStatus,
    AdjustmentKind,
    BlockLevel,
    DebtState,
    DisputeStatus,
    IntentKind,
    PaymentStatus,
    Segment,
    StoreName,
)
from recon.engine.missed import Missed
from recon.engine.plan import is_severe
from recon.engine.relief import late_relief, payment_kind, was_ever_overdue
from recon.engine.rules.ladder import Rung
from recon.engine.rules.payments import Payment
from recon.engine.rules.subscription import SERVED

_DEBT = frozenset(
    {"state", "has_debt", "is_bad_debt", "in_bad_debt", "payment_status", "delinquent", "level", "metadata.debt_state"}
)
_PLAN = frozenset({"plan_active", "effective_plan", "plan_code", "primary_subscription_id"})
_SETS = {
    "state": DebtState,
    "raw_state": DebtState,
    "metadata.debt_state": DebtState,
    "payment_status": PaymentStatus,
    "level": BlockLevel,
}
_ENDING = (IntentKind.PROMISE_TO_PAY, IntentKind.ENFORCEMENT_OFF, IntentKind.COMP_PLAN)


def missed_event(assessment: Assessment, judgement: Judgement, cells: Sequence[Cell], now: datetime) -> Missed:
    """One event for all of the account's drifted cells: that of the debt, else of the flag, the plan, the rest."""
    if any(_is_foreign(cell) for cell in cells):
        return Missed.FOREIGN_VALUE
    by_column = {cell.column: cell for cell in cells}
    debt = [cell for cell in cells if cell.column in _DEBT]
    harder, softer = any(map(is_severe, debt)), any(map(_eases, debt))
    if softer:
        return Missed.NOT_KNOWN if harder else _eased(assessment, judgement, now)
    if harder:
        return _hardened(assessment, judgement, now)
    if "has_no_successful_payment" in by_column:
        return _first_payment(assessment)
    if not _PLAN.isdisjoint(by_column) or "payment_status" in by_column:
        return _plan(assessment, judgement, by_column.keys(), now)
    return _rest(assessment, judgement, by_column, now)


def _is_foreign(cell: Cell) -> bool:
    """A closed set's column with a value that is not of the set."""
    members = _SETS.get(cell.column)
    return members is not None and cell.stored is not None and cell.stored not in set(map(str, members))


def _eases(cell: Cell) -> bool:
    return is_severe(replace(cell, stored=cell.truth, truth=cell.stored))


def _eased(assessment: Assessment, judgement: Judgement, now: datetime) -> Missed:
    """The stores are harder than the truth."""
    if judgement.ladder.caps:
        return _cap(assessment, now)
    relief = late_relief(assessment)
    if judgement.ladder.rungs:
        return _lower_rung(assessment, judgement.ladder.rungs[0], relief)
    if relief is not None:
        return relief
    if any(one.in_flight and one.collectible_minor > 0 for one in assessment.balances):
        return Missed.PAYMENT_UNDER_WAY
    return Missed.NOT_KNOWN if was_ever_overdue(assessment, now) else Missed.NEVER_OVERDUE


def _cap(assessment: Assessment, now: datetime) -> Missed:
    """T10's caps, the lowest first: what a person decided."""
    intents = assessment.intents
    if intents.segment is Segment.INTERNAL:
        return Missed.INTERNAL_ACCOUNT
    if intents.running(IntentKind.ENFORCEMENT_OFF, now):
        return Missed.ENFORCEMENT_OFF
    if intents.running(IntentKind.PROMISE_TO_PAY, now):
        return Missed.PAYMENT_PROMISED
    return Missed.CONTRACT_TERMS


def _lower_rung(assessment: Assessment, rung: Rung, relief: Missed | None) -> Missed:
    """Something is owed, and the stores say worse of it."""
    if rung.balance.one_witness:
        return Missed.ONE_WITNESS
    if rung.balance.disputed:
        return Missed.PAYMENT_TAKEN_BACK
    contract = assessment.intents.contract
    if contract is not None and contract.net_days is not None:
        return Missed.CONTRACT_TERMS
    return relief or Missed.NOT_KNOWN


def _hardened(assessment: Assessment, judgement: Judgement, now: datetime) -> Missed:
    """The stores are softer than the truth."""
    if judgement.truth.state is DebtState.WRITTEN_OFF:
        return Missed.WRITE_OFF_APPROVED
    if not judgement.ladder.rungs:
        return Missed.NOT_KNOWN
    rung, intents = judgement.ladder.rungs[0], assessment.intents
    if rung.balance.disputed:
        return Missed.PAYMENT_TAKEN_BACK
    if intents.segment is Segment.CONTRACT and intents.running(IntentKind.APPROVE_ESCALATION, now):
        return Missed.ESCALATION_APPROVED
    due_at = rung.balance.due_at
    if due_at is not None and any(
        intent.kind in _ENDING and intent.until is not None and due_at < intent.until <= now for intent in intents.all
    ):
        return Missed.INTENT_RAN_OUT
    rungs = assessment.debtor.rungs
    if judgement.ladder.ended and rungs.state_at(rung.days_past_due, ended=False) is not rung.state:
        return _ending(assessment, now)
    return Missed.GREW_OVERDUE


def _ending(assessment: Assessment, now: datetime) -> Missed:
    if assessment.account.status is AccountStatus.CLOSED:
        return Missed.ACCOUNT_CLOSED
    return Missed.CONTRACT_ENDED if assessment.intents.contract_is_over(now) else Missed.SUBSCRIPTION_CANCELLED


def _first_payment(assessment: Assessment) -> Missed:
    """The flag of who never paid: what there is of payments, and why one may have been overlooked."""
    if assessment.paid_by is None:
        return Missed.PAYMENT_TAKEN_BACK if _was_taken_back(assessment) else Missed.NEVER_PAID
    payment = next(
        (one for one in assessment.payments.all if any(seen.ref == assessment.paid_by for seen in one.settled)), None
    )
    if payment is None:
        return Missed.NOT_KNOWN
    return _overlooked(assessment, payment) or payment_kind(payment)


def _was_taken_back(assessment: Assessment) -> bool:
    return any(payment.lost for payment in assessment.payments.all) or any(
        one.kind is AdjustmentKind.REVERSAL for claim in assessment.claims for one in claim.adjustments
    )


def _overlooked(assessment: Assessment, payment: Payment) -> Missed | None:
    facts, me = assessment.facts, assessment.facts.account_id
    booked = [row for row in facts.payments if row.payment_id in payment.ledger_ids]
    if booked and all(row.account_id != me for row in booked):
        return Missed.PAID_BEFORE_MERGE
    kinds = {one.kind for one in facts.adjustments if one.payment_id in payment.ledger_ids}
    won = any(
        one.status is DisputeStatus.WON and payment.key in (one.payment_intent, one.charge)
        for one in facts.stripe.disputes
    )
    if won or AdjustmentKind.REVERSAL_UNDONE in kinds:
        return Missed.DISPUTE_WON
    if AdjustmentKind.REFUND in kinds:
        return Missed.REFUNDED
    return Missed.PAID_BY_OTHER_CUSTOMER if _is_of_another_customer(assessment, payment) else None


def _is_of_another_customer(assessment: Assessment, payment: Payment) -> bool:
    """Whether the money came through a linked customer that is not the account's first."""
    facts = assessment.facts
    first = next((row.stripe_customer_id for row in facts.customers if row.account_id == facts.account_id), None)
    payers = {one.customer for one in facts.stripe.payment_intents if one.id == payment.key}
    payers |= {one.customer for one in facts.stripe.charges if payment.key in (one.id, one.payment_intent)}
    return bool(payers) and first not in payers


def _plan(assessment: Assessment, judgement: Judgement, columns: Iterable[str], now: datetime) -> Missed:
    """The plan, whether it is on, or the subscription that speaks for the account."""
    intents, primary = assessment.intents, assessment.subscriptions.primary
    if assessment.account.status is AccountStatus.CLOSED:
        return Missed.ACCOUNT_CLOSED
    if intents.has_comp(now):
        return Missed.COMP_GIVEN
    if intents.contract_runs(now):
        return Missed.CONTRACT_TERMS
    if intents.contract_is_over(now):
        return Missed.CONTRACT_ENDED
    if primary is None:
        return Missed.SUBSCRIPTION_CANCELLED
    if primary.status not in SERVED:
        return Missed.SUBSCRIPTION_STOPPED
    changed = set(columns)
    if "primary_subscription_id" in changed:
        return Missed.SUBSCRIPTION_REPLACED
    return Missed.PLAN_CHANGED if "plan_code" in changed else Missed.NOT_KNOWN


def _rest(assessment: Assessment, judgement: Judgement, cells: dict[str, Cell], now: datetime) -> Missed:
    blocked = cells.get("restricted") or cells.get("suspended")
    if blocked is not None:
        return Missed.OTHER_BLOCK_SET if blocked.truth is True else Missed.OTHER_BLOCK_LIFTED
    if not {"collectible_minor", "written_off_minor", "oldest_due_at", "raw_state"}.isdisjoint(cells):
        return late_relief(assessment) or (Missed.GREW_OVERDUE if judgement.ladder.rungs else Missed.NOT_KNOWN)
    if "has_payment_method" in cells:
        return Missed.PAYMENT_METHOD_CHANGED
    untold = any(cell.store is StoreName.STRIPE and cell.column == "metadata.account_id" for cell in cells.values())
    return Missed.STRIPE_NEVER_TOLD if untold else Missed.NOT_KNOWN
