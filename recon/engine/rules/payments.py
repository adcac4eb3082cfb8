"""T2: which payments there are, each counted once however many stores saw it.

A payment's identity is its payment intent: a charge counts under the intent that it belongs to, a ledger payment under
its `processor_ref`. Money from outside Stripe has no such id: what a Stripe invoice was paid out of band and what the
ledger booked offline for it are the same money, seen twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from recon.engine.enums import (
    AdjustmentKind,
    ChargeStatus,
    DisputeStatus,
    InvoicePaymentStatus,
    LedgerPaymentStatus,
    PaymentIntentStatus,
    Rail,
)
from recon.engine.facts import Adjustment, Dispute, Facts, InvoicePayment, LedgerPayment, StripeInvoice
from recon.engine.rules.identity import Identity


class Side(StrEnum):
    """Who saw a payment."""

    LEDGER = "ledger"
    STRIPE = "stripe"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One side's word on a payment: an amount in minor units, settled or in flight since `created`. `invoice` is the
    one invoice that it names: a ledger invoice id, a Stripe invoice id or none."""

    side: Side
    amount: int
    currency: str
    ref: str
    invoice: str | None = None
    created: datetime | None = None


@dataclass(slots=True)
class Payment:
    """One payment, with everything that any store says of it. Built by `payments_of`, read-only after.

    `links` are the invoices that each side names for it, and `requested` what it is to pay of each, where Stripe says.
    `offline` is money that the ledger booked from outside Stripe, `outside` money of that kind that Stripe was told of;
    `is_ours` marks what the ledger or a linked Stripe customer paid.
    """

    key: str
    settled: list[Sighting] = field(default_factory=list)
    in_flight: list[Sighting] = field(default_factory=list)
    lost: list[Dispute] = field(default_factory=list)
    links: dict[Side, set[str]] = field(default_factory=lambda: {Side.LEDGER: set(), Side.STRIPE: set()})
    requested: dict[str, int] = field(default_factory=dict)
    ledger_ids: set[str] = field(default_factory=set)
    offline: bool = False
    outside: bool = False
    is_ours: bool = False

    @property
    def invoices(self) -> set[str]:
        return self.links[Side.LEDGER] | self.links[Side.STRIPE]

    def settled_minor(self, currency: str, invoices: frozenset[str]) -> int:
        """The larger amount that a store calls settled, of what pays one of `invoices`, in that currency."""
        return max((amount for _, amount in self._paying(self.settled, currency, invoices)), default=0)

    def in_flight_minor(self, currency: str, invoices: frozenset[str]) -> tuple[int, datetime | None]:
        """The larger amount that a store calls in flight, whatever the other says, and the later creation."""
        if not self.in_flight:
            return 0, None
        flying = list(self._paying(self.in_flight, currency, invoices))
        amount = max((amount for _, amount in flying), default=0)
        return amount, max((one.created for one, _ in flying if one.created is not None), default=None)

    def lost_minor(self, currency: str, invoices: frozenset[str]) -> int:
        """What lost disputes took back of it, as far as it pays one of `invoices`."""
        if not self.lost:
            return 0
        lost = sum(dispute.amount for dispute in self.lost if dispute.currency == currency)
        if self.invoices <= invoices:
            return lost
        return min(lost, self.settled_minor(currency, invoices))

    def _paying(
        self, sightings: Iterable[Sighting], currency: str, invoices: frozenset[str]
    ) -> Iterable[tuple[Sighting, int]]:
        """What pays one of `invoices`, and how much. Each side's word goes where that side says; a side that names
        no invoice follows the other. So a link adds an invoice, and never takes one away."""
        for one in sightings:
            if one.currency != currency:
                continue
            named = self.links[one.side]
            if one.invoice in invoices or named <= invoices:
                yield one, one.amount
            elif one.invoice is None and not named.isdisjoint(invoices):
                yield one, self._share(one, invoices)

    def _share(self, one: Sighting, invoices: frozenset[str]) -> int:
        """Of a payment over several invoices, what one of them may count on: what Stripe asked of it there, and no more
        than the others leave."""
        paid_elsewhere = {
            other.invoice: other.amount
            for other in sorted(self.settled, key=lambda seen: seen.amount)
            if other.side is one.side and other.currency == one.currency and other.invoice not in {None, *invoices}
        }
        left = max(0, one.amount - sum(paid_elsewhere.values()))
        return min(left, sum(self.requested.get(invoice, 0) for invoice in invoices) or left)


@dataclass(frozen=True, slots=True)
class Payments:
    """All payments of an account, and which of them pay which invoice (by ledger or Stripe invoice id)."""

    all: tuple[Payment, ...]
    by_invoice: Mapping[str, tuple[Payment, ...]]

    def paying(self, invoices: Iterable[str]) -> tuple[Payment, ...]:
        """The payments of any of these invoice ids, each once."""
        found = {payment.key: payment for invoice in invoices for payment in self.by_invoice.get(invoice, ())}
        return tuple(found[key] for key in sorted(found))


def payments_of(facts: Facts, identity: Identity) -> Payments:
    """T2: every payment that any store saw, deduplicated: the family's, and whoever paid one of its invoices."""
    book = _Book(facts, identity)
    invoices = {row.invoice_id for row in facts.invoices if row.account_id in identity.family}
    for row in facts.payments:
        if row.account_id in identity.family or row.invoice_id in invoices:
            book.add_ledger(row)
    book.add_payment_intents()
    book.add_charges()
    for invoice in facts.stripe.invoices:
        book.add_invoice(invoice)
    for payment in facts.stripe.invoice_payments:
        book.add_invoice_payment(payment)
    for invoice in facts.stripe.invoices:
        book.add_out_of_band(invoice)
    book.add_unshown()
    book.add_disputes()
    return book.close()


class _Book:
    """Collects sightings under each payment's key."""

    def __init__(self, facts: Facts, identity: Identity) -> None:
        self.facts = facts
        self.identity = identity
        self.payments: dict[str, Payment] = {}
        self.seen_invoice_payments: set[str] = set()
        self.outside: dict[str, dict[str, int]] = {}
        self.intent_of_charge = {
            intent.latest_charge: intent.id for intent in facts.stripe.payment_intents if intent.latest_charge
        }
        self.intent_of_charge |= {
            dispute.charge: dispute.payment_intent
            for dispute in facts.stripe.disputes
            if dispute.charge and dispute.payment_intent
        }
        self.intent_of_charge |= {
            charge.id: charge.payment_intent for charge in facts.stripe.charges if charge.payment_intent
        }

    def _payment(self, reference: str) -> Payment:
        key = self.intent_of_charge.get(reference, reference)
        return self.payments.setdefault(key, Payment(key))

    def add_ledger(self, row: LedgerPayment) -> None:
        payment = self._payment(row.processor_ref or f"ledger:{row.payment_id}")
        ref = f"billing_prod.payments[{row.payment_id}]"
        sighting = Sighting(Side.LEDGER, row.amount_minor, row.currency, ref, row.invoice_id, row.created_at)
        if row.status is LedgerPaymentStatus.SETTLED:
            payment.settled.append(sighting)
        elif row.status is LedgerPaymentStatus.PENDING:
            payment.in_flight.append(sighting)
        payment.ledger_ids.add(row.payment_id)
        payment.offline |= row.rail is Rail.OFFLINE
        payment.is_ours = True
        if row.invoice_id is not None:
            payment.links[Side.LEDGER].add(row.invoice_id)

    def add_payment_intents(self) -> None:
        for intent in self.facts.stripe.payment_intents:
            payment = self._payment(intent.id)
            ref = f"stripe.payment_intents[{intent.id}]"
            if intent.status is PaymentIntentStatus.SUCCEEDED:
                sighting = Sighting(Side.STRIPE, intent.amount_received, intent.currency, ref, intent.invoice)
                payment.settled.append(sighting)
            elif intent.status is PaymentIntentStatus.PROCESSING:
                sighting = Sighting(Side.STRIPE, intent.amount, intent.currency, ref, intent.invoice, intent.created)
                payment.in_flight.append(sighting)
            self._belongs(payment, intent.customer, intent.invoice)

    def add_charges(self) -> None:
        for charge in self.facts.stripe.charges:
            payment = self._payment(charge.id)
            if charge.status is ChargeStatus.SUCCEEDED and charge.captured:
                ref = f"stripe.charges[{charge.id}]"
                sighting = Sighting(Side.STRIPE, charge.amount_captured, charge.currency, ref, charge.invoice)
                payment.settled.append(sighting)
            self._belongs(payment, charge.customer, charge.invoice)

    def _belongs(self, payment: Payment, customer: str | None, invoice: str | None) -> None:
        payment.is_ours |= customer in self.identity.linked
        if invoice is not None:
            payment.links[Side.STRIPE].add(invoice)

    def add_invoice(self, invoice: StripeInvoice) -> None:
        for reference in invoice.processor_refs:
            self._payment(reference).links[Side.STRIPE].add(invoice.id)
        for payment in invoice.payments:
            self.add_invoice_payment(payment)

    def add_invoice_payment(self, row: InvoicePayment) -> None:
        """An invoice's payment through Stripe; those from outside are added up by currency, for `add_out_of_band`."""
        if row.invoice is None or row.id in self.seen_invoice_payments:
            return
        self.seen_invoice_payments.add(row.id)
        paid = row.amount_paid if row.status is InvoicePaymentStatus.PAID else 0
        if row.processor_ref is None:
            told = self.outside.setdefault(row.invoice, {})
            told[row.currency] = told.get(row.currency, 0) + paid
            return
        payment = self._payment(row.processor_ref)
        payment.links[Side.STRIPE].add(row.invoice)
        payment.requested[row.invoice] = payment.requested.get(row.invoice, 0) + max(row.amount_requested, paid)
        if paid:
            ref = f"stripe.invoices[{row.invoice}].payments[{row.id}]"
            payment.settled.append(Sighting(Side.STRIPE, paid, row.currency, ref, row.invoice))

    def add_out_of_band(self, invoice: StripeInvoice) -> None:
        """What Stripe was told of money that it never saw; where only the fact is told, what Stripe's own payments
        leave of the invoice."""
        told = self.outside.pop(invoice.id, {})
        amount = max(invoice.amount_paid_off_stripe, told.get(invoice.currency, 0))
        if invoice.paid_out_of_band and amount <= 0:
            amount = (invoice.amount_paid or invoice.amount_due) - self._paid_through_stripe(invoice)
        is_ours = invoice.customer in self.identity.linked
        self._add_outside(invoice.id, {**told, invoice.currency: amount}, is_ours=is_ours)

    def add_unshown(self) -> None:
        """The same of invoices that Stripe does not show: whose they are, the ledger knows."""
        for invoice, told in self.outside.items():
            self._add_outside(invoice, told, is_ours=False)

    def _add_outside(self, invoice: str, amounts: Mapping[str, int], *, is_ours: bool) -> None:
        for currency, amount in amounts.items():
            if amount > 0:
                payment = self._payment(f"outside:{invoice}")
                payment.outside = True
                payment.is_ours = is_ours
                payment.links[Side.STRIPE].add(invoice)
                ref = f"stripe.invoices[{invoice}]"
                payment.settled.append(Sighting(Side.STRIPE, amount, currency, ref, invoice))

    def _paid_through_stripe(self, invoice: StripeInvoice) -> int:
        pays = frozenset({invoice.id})
        return sum(
            payment.settled_minor(invoice.currency, pays)
            for payment in self.payments.values()
            if invoice.id in payment.invoices
        )

    def add_disputes(self) -> None:
        for dispute in self.facts.stripe.disputes:
            reference = dispute.payment_intent or dispute.charge
            if dispute.status is DisputeStatus.LOST and reference is not None:
                self._payment(reference).lost.append(dispute)

    def close(self) -> Payments:
        by_invoice: dict[str, list[Payment]] = {}
        for key in sorted(self.payments):
            payment = self.payments[key]
            for invoice in payment.invoices:
                by_invoice.setdefault(invoice, []).append(payment)
        return Payments(
            tuple(self.payments[key] for key in sorted(self.payments)),
            {invoice: tuple(payments) for invoice, payments in by_invoice.items()},
        )


def net_reversal(adjustments: Iterable[Adjustment]) -> int:
    """Reversals less those undone, not below zero; minor units of the one currency of `adjustments`."""
    return max(0, sum([_SIGNS.get(one.kind, 0) * one.amount_minor for one in adjustments]))


_SIGNS = {AdjustmentKind.REVERSAL: 1, AdjustmentKind.REVERSAL_UNDONE: -1}
