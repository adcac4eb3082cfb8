"""What last took from what an invoice owes: a payment, a credit note, a write-off, a void, a reversal undone.

Only what came after the invoice was overdue, or took from the very invoice that the stores call the oldest due, can be
news to a store that says debt; other money that came in time never was.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from recon.engine.assessment import Assessment
from recon.engine.enums import AdjustmentKind, LedgerInvoiceStatus, LedgerPaymentStatus, StripeInvoiceStatus
from recon.engine.missed import Missed
from recon.engine.moments import days_past_due
from recon.engine.rules.invoices import Claim
from recon.engine.rules.payments import Payment, Side

_NOT_YET_BOOKED = datetime.max.replace(tzinfo=UTC)
"""When the ledger learns of it: later than all that it knows already."""


@dataclass(frozen=True, slots=True)
class Relief:
    """Something that took from one invoice; `is_suspect`: the stores' own oldest due date points at that invoice."""

    at: datetime
    missed: Missed
    is_suspect: bool
    refs: tuple[str, ...]


def late_relief(assessment: Assessment) -> Missed | None:
    """The last thing that took from an invoice when it was overdue, or is said to be; None where nothing did."""
    balances = {balance.refs: balance for balance in assessment.balances}
    dunning = assessment.facts.dunning
    suspected = None if dunning is None else dunning.oldest_due_at
    found = []
    for claim in assessment.claims:
        balance = balances.get(claim.refs)
        if balance is not None and balance.due_at is not None:
            is_suspect = balance.due_at == suspected
            for at, missed in _reliefs(claim, assessment):
                if is_suspect or days_past_due(balance.due_at, at) > 0:
                    found.append(Relief(at, missed, is_suspect, claim.refs))
    last = max(found, key=lambda one: (one.is_suspect, one.at, one.refs, one.missed), default=None)
    return None if last is None else last.missed


def was_ever_overdue(assessment: Assessment, now: datetime) -> bool:
    """Whether an invoice is overdue, or anything took from one when it was."""
    owing = (one for one in assessment.balances if one.collectible_minor > 0)
    return any(days_past_due(one.due_at, now) > 0 for one in owing) or late_relief(assessment) is not None


def payment_kind(payment: Payment) -> Missed:
    """By which way the money came, and whether the ledger knows of it."""
    is_booked = any(one.side is Side.LEDGER for one in payment.settled)
    if payment.offline:
        return Missed.PAID_OFFLINE
    if payment.outside:
        return Missed.MARKED_PAID_OUTSIDE_STRIPE
    return Missed.PAID_IN_STRIPE if is_booked else Missed.PAID_IN_STRIPE_UNBOOKED


def _reliefs(claim: Claim, assessment: Assessment) -> Iterable[tuple[datetime, Missed]]:
    yield from _voids(claim)
    yield from _adjustments(claim)
    settled_at = {
        row.payment_id: row.settled_at or row.created_at
        for row in assessment.facts.payments
        if row.status is LedgerPaymentStatus.SETTLED
    }
    paying = [payment for payment in claim.payments if payment.settled]
    booked_offline = any(payment.offline for payment in paying)
    for payment in paying:
        if not (payment.outside and booked_offline):
            times = [settled_at[one] for one in payment.ledger_ids if one in settled_at]
            yield max(times, default=_NOT_YET_BOOKED), payment_kind(payment)


def _voids(claim: Claim) -> Iterable[tuple[datetime, Missed]]:
    """A void has no date; the other store's bill, still open, is what the stores go by."""
    ledger, stripe = claim.ledger, claim.stripe
    in_ledger = ledger is not None and ledger.status is LedgerInvoiceStatus.VOID
    in_stripe = stripe is not None and stripe.status is StripeInvoiceStatus.VOID
    if in_ledger or in_stripe:
        yield _NOT_YET_BOOKED, Missed.INVOICE_VOIDED


_KINDS = {
    AdjustmentKind.CREDIT_NOTE: Missed.CREDITED,
    AdjustmentKind.WRITE_OFF: Missed.WRITE_OFF_APPROVED,
    AdjustmentKind.REVERSAL_UNDONE: Missed.DISPUTE_WON,
}


def _adjustments(claim: Claim) -> Iterable[tuple[datetime, Missed]]:
    for one in claim.adjustments:
        if one.kind in _KINDS:
            yield one.effective_at, _KINDS[one.kind]
