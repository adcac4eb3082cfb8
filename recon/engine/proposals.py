"""What Stripe ought to be told, one approval each: never a charge, a refund, a credit or a change of price."""

from collections.abc import Iterable, Mapping

from recon.engine.assessment import Assessment
from recon.engine.enums import AccountStatus, AdjustmentKind, LedgerInvoiceStatus, LedgerPaymentStatus, Rail
from recon.engine.enums import StripeInvoiceStatus as InStripe
from recon.engine.facts import Facts, LedgerInvoice, LedgerPayment, StripeInvoice
from recon.engine.money import shown
from recon.engine.plan import Proposal
from recon.engine.rules.invoices import UNPAID, Claim, balance_of
from recon.engine.rules.payments import net_reversal

# After Stripe's page on invoice states: what is uncollectible can still be paid or voided. Of the others nothing can.
NOT_FINAL = frozenset({"invoices.mark_uncollectible"})


def is_final(verb: str) -> bool:
    """Can a call of this verb not be taken back? One that nobody described is taken as final."""
    return verb not in NOT_FINAL


def proposals_of(assessment: Assessment) -> tuple[Proposal, ...]:
    """All proposals, invoices first."""
    offline = _offline_payments(assessment.facts)
    found: list[Proposal] = []
    for claim in assessment.claims:
        if claim.ledger is not None and claim.stripe is not None:
            found.extend(_of_invoice(claim, claim.ledger, claim.stripe, assessment, offline))
    return (*found, *_cancellations(assessment))


def _offline_payments(facts: Facts) -> Mapping[str, list[LedgerPayment]]:
    """Ledger invoice id → its settled payments from outside Stripe."""
    found: dict[str, list[LedgerPayment]] = {}
    for payment in facts.payments:
        if payment.rail is Rail.OFFLINE and payment.status is LedgerPaymentStatus.SETTLED and payment.invoice_id:
            found.setdefault(payment.invoice_id, []).append(payment)
    return found


def _of_invoice(
    claim: Claim,
    ledger: LedgerInvoice,
    stripe: StripeInvoice,
    assessment: Assessment,
    offline: Mapping[str, list[LedgerPayment]],
) -> Iterable[Proposal]:
    if ledger.status is LedgerInvoiceStatus.VOID and stripe.status in UNPAID:
        yield Proposal("invoices.void_invoice", stripe.id, {}, f"The ledger voided {ledger.invoice_id}.")
    if ledger.status is not LedgerInvoiceStatus.ISSUED:
        return
    paid = _paid_offline(
        claim, ledger, [one for one in offline.get(ledger.invoice_id, ()) if _is_ours(one, assessment)]
    )
    if stripe.status in UNPAID and ledger.currency == stripe.currency and paid == stripe.amount_remaining > 0:
        why = f"The ledger settled {shown(paid, ledger.currency)} of {ledger.invoice_id} outside Stripe."
        yield Proposal("invoices.pay", stripe.id, {"paid_out_of_band": True}, why)
    if stripe.status is InStripe.OPEN and _is_written_off(claim, assessment):
        why = f"The write-off of {ledger.invoice_id} was approved and leaves nothing to collect."
        yield Proposal("invoices.mark_uncollectible", stripe.id, {}, why)


def _is_ours(payment: LedgerPayment, assessment: Assessment) -> bool:
    return payment.account_id in assessment.identity.family


def _paid_offline(claim: Claim, ledger: LedgerInvoice, payments: list[LedgerPayment]) -> int:
    """What was settled outside Stripe, less the reversals that name one of these payments or none at all."""
    names = {one.payment_id for one in payments}
    reversed_minor = net_reversal(one for one in claim.adjustments if one.payment_id is None or one.payment_id in names)
    return sum(one.amount_minor for one in payments if one.currency == ledger.currency) - reversed_minor


def _is_written_off(claim: Claim, assessment: Assessment) -> bool:
    balance = balance_of(claim, assessment.facts.contract)
    written_off = claim.sum_of(AdjustmentKind.WRITE_OFF) > 0
    return written_off and balance.ledger_minor == 0 and balance.written_off_minor > 0


def _cancellations(assessment: Assessment) -> Iterable[Proposal]:
    """Live subscriptions of a closed account. Where the customer is another account's too, or the account was merged
    into another, the subscription may be somebody's who pays: then a person decides, not a plan."""
    merged_away = any(
        row.merged_into is not None
        for row in assessment.facts.customers
        if row.account_id == assessment.facts.account_id
    )
    if assessment.account.status is not AccountStatus.CLOSED or merged_away:
        return
    for subscription in assessment.subscriptions.live:
        if subscription.customer not in assessment.identity.contested:
            why = f"The account is closed and the subscription is {subscription.status}."
            yield Proposal("subscriptions.cancel", subscription.id, {}, why)
