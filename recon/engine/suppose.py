"""Suppose that something happens to the facts: the same facts with it, for the rules to judge.

Nothing here decides: a supposed payment is rows in the ledger and in Stripe as they would look once it has arrived, and
`recompute` says what follows. A supposed world has been read just now, since its stores were never asked.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from recon.engine.enums import (
    AdjustmentKind,
    DisputeStatus,
    IntentKind,
    LedgerPaymentStatus,
    PaymentIntentStatus,
    PaymentMethod,
    Rail,
    StripeInvoiceStatus,
)
from recon.engine.facts import (
    Adjustment,
    Facts,
    Intent,
    LedgerPayment,
    PaymentIntent,
    StripeFacts,
    StripeInvoice,
)


class ChangeKind(StrEnum):
    """What may happen to facts and intents; none of it is the engine's to do."""

    PAYMENT = "payment"
    ARRIVAL = "arrival"  # a payment that was seen on its way settles
    DISPUTE_WON = "dispute_won"
    REVERSAL_UNDONE = "reversal_undone"
    WRITE_OFF = "write_off"
    PROMISE_TO_PAY = "promise_to_pay"
    ENFORCEMENT_OFF = "enforcement_off"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happens.

    `ledger_invoice` and `stripe_invoice` name the one invoice that it is about (both None: the whole account), `due_at`
    since when that is owed. `objects` are the payments that arrive or the disputes that are won. `amount_minor` is in
    `currency`, `written_off_minor` what of it nobody asks for any more; `until` ends an intent.
    """

    kind: ChangeKind
    ledger_invoice: str | None = None
    stripe_invoice: str | None = None
    objects: tuple[str, ...] = ()
    amount_minor: int = 0
    currency: str = ""
    due_at: datetime | None = None
    until: datetime | None = None
    written_off_minor: int = 0

    @property
    def name(self) -> str:
        """An id for the row that it adds, which no store holds."""
        return f"supposed:{self.kind}:{self.ledger_invoice or self.stripe_invoice or ''}"


def supposed(facts: Facts, changes: Collection[Change], now: datetime) -> Facts:
    """The facts after `changes`, all of which happen now."""
    arrived = {one for change in changes if change.kind is ChangeKind.ARRIVAL for one in change.objects}
    owners = {row.invoice_id: row.account_id for row in facts.invoices}
    booked = (
        _booked(change, owners.get(change.ledger_invoice, facts.account_id), change.ledger_invoice, now)
        for change in changes
        if change.kind is ChangeKind.PAYMENT and change.ledger_invoice is not None
    )
    adjusted = (
        _adjustment(change, _ADJUSTMENTS[change.kind], now) for change in changes if change.kind in _ADJUSTMENTS
    )
    intended = (
        Intent(change.name, facts.account_id, _INTENTS[change.kind], None, change.until, None, None)
        for change in changes
        if change.kind in _INTENTS
    )
    return replace(
        facts,
        reads=tuple(replace(read, as_of=None) for read in facts.reads),
        intents=(*facts.intents, *intended),
        payments=(*(_settled(row, arrived, now) for row in facts.payments), *booked),
        adjustments=(*facts.adjustments, *adjusted),
        stripe=_stripe_after(facts.stripe, changes, arrived),
    )


def are_intents(changes: Collection[Change]) -> bool:
    """Whether they leave all facts as they are."""
    return all(change.kind in _INTENTS for change in changes)


_ADJUSTMENTS = {
    ChangeKind.REVERSAL_UNDONE: AdjustmentKind.REVERSAL_UNDONE,
    ChangeKind.WRITE_OFF: AdjustmentKind.WRITE_OFF,
}
_INTENTS = {
    ChangeKind.PROMISE_TO_PAY: IntentKind.PROMISE_TO_PAY,
    ChangeKind.ENFORCEMENT_OFF: IntentKind.ENFORCEMENT_OFF,
}


def _booked(change: Change, account_id: str, invoice_id: str, now: datetime) -> LedgerPayment:
    """New money in the ledger; under a reference of its own, so that it is nobody's offline money."""
    return LedgerPayment(
        payment_id=change.name,
        account_id=account_id,
        invoice_id=invoice_id,
        rail=Rail.STRIPE,
        method=PaymentMethod.OTHER,
        processor_ref=change.name,
        status=LedgerPaymentStatus.SETTLED,
        amount_minor=change.amount_minor,
        currency=change.currency,
        created_at=now,
        settled_at=now,
    )


def _settled(row: LedgerPayment, arrived: Collection[str], now: datetime) -> LedgerPayment:
    if row.payment_id in arrived and row.status is LedgerPaymentStatus.PENDING:
        return replace(row, status=LedgerPaymentStatus.SETTLED, settled_at=now)
    return row


def _adjustment(change: Change, kind: AdjustmentKind, now: datetime) -> Adjustment:
    return Adjustment(
        adjustment_id=change.name,
        invoice_id=change.ledger_invoice or "",
        payment_id=None,
        kind=kind,
        amount_minor=change.amount_minor,
        currency=change.currency,
        effective_at=now,
        approved_by="supposed",
    )


def _stripe_after(stripe: StripeFacts, changes: Iterable[Change], arrived: Collection[str]) -> StripeFacts:
    """Payments settle, disputes are won, and an invoice hears of the money that Stripe sees for it."""
    won: set[str] = set()
    paid: dict[tuple[str, str], int] = {}
    for change in changes:
        if change.kind is ChangeKind.DISPUTE_WON:
            won.update(change.objects)
        elif change.kind in (ChangeKind.PAYMENT, ChangeKind.ARRIVAL) and change.stripe_invoice is not None:
            invoice = (change.stripe_invoice, change.currency)
            paid[invoice] = paid.get(invoice, 0) + change.amount_minor
    return replace(
        stripe,
        invoices=tuple(_less(one, paid.get((one.id, one.currency), 0)) for one in stripe.invoices),
        payment_intents=tuple(_succeeded(one, arrived) for one in stripe.payment_intents),
        disputes=tuple(replace(one, status=DisputeStatus.WON) if one.id in won else one for one in stripe.disputes),
    )


def _succeeded(intent: PaymentIntent, arrived: Collection[str]) -> PaymentIntent:
    if intent.id in arrived and intent.status is PaymentIntentStatus.PROCESSING:
        return replace(intent, status=PaymentIntentStatus.SUCCEEDED, amount_received=intent.amount)
    return intent


def _less(invoice: StripeInvoice, amount_minor: int) -> StripeInvoice:
    paid = min(amount_minor, invoice.amount_remaining)
    if not paid:
        return invoice
    left = invoice.amount_remaining - paid
    status = invoice.status if left else StripeInvoiceStatus.PAID
    return replace(invoice, amount_remaining=left, amount_paid=invoice.amount_paid + paid, status=status)
