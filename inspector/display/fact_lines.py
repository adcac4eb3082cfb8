"""One line for each fact, in words: what the ledger and Stripe each hold of it, side by side."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from inspector.display.moments import date_words
from inspector.display.money import amount_words
from inspector.display.places import anchor, stripe_ref
from inspector.display.words import Tone
from recon.engine.enums import LedgerPaymentStatus, PaymentIntentStatus
from recon.engine.facts import Adjustment, Charge, Dispute, Facts, LedgerPayment, PaymentIntent, Subscription
from recon.queries.facts import Invoice

NONE = "–"


@dataclass(frozen=True, slots=True)
class Part:
    """One id in a line: `anchor` is where evidence leads to, `href` where the id itself leads."""

    text: str
    anchor: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Toned:
    """A value whose tone says something."""

    text: str
    tone: Tone


Value = str | Toned
Line = tuple[tuple[Part, ...], tuple[Value, ...]]
"""The ids that the line is about, and its other values."""


def invoice_line(invoice: Invoice) -> Line:
    ledger, stripe, balance = invoice.claim.ledger, invoice.claim.stripe, invoice.balance
    parts = [_ours("billing_prod.invoices", ledger.invoice_id)] if ledger else []
    stripe_id = stripe.id if stripe else ledger.stripe_invoice_id if ledger else None
    parts += [_theirs("stripe.invoices", stripe_id)] if stripe_id else []
    total = ledger.total_minor if ledger else stripe.amount_due if stripe else None
    tone = Tone.WARN if balance.conflict else Tone.QUIET
    return tuple(parts), (
        date_words(balance.due_at),
        ledger.status if ledger else NONE,
        stripe.status if stripe else NONE,
        amount_words(total, balance.currency),
        Toned(amount_words(balance.ledger_minor, balance.currency), tone),
        Toned(amount_words(balance.stripe_minor, balance.currency), tone),
    )


def payment_lines(facts: Facts) -> list[Line]:
    """One line a payment, those on their way and the newest first: the ledger's beside Stripe's objects of its
    reference, then those that Stripe alone knows."""
    stripe = _StripePayments.of(facts)
    lines = [
        ((row.status is LedgerPaymentStatus.PENDING, row.created_at), _ledger_payment(row, stripe))
        for row in facts.payments
    ]
    booked = {row.processor_ref for row in facts.payments}
    booked |= {stripe.charges[ref].payment_intent for ref in booked if ref in stripe.charges}
    booked |= {one.id for ref in booked if ref in stripe.made for one in stripe.made[ref]}
    lines += [
        ((one.status is PaymentIntentStatus.PROCESSING, one.created), _intent(one, stripe))
        for one in stripe.intents.values()
        if one.id not in booked
    ]
    lines.sort(key=lambda line: line[0], reverse=True)
    intents = stripe.intents
    alone = (one for one in facts.stripe.charges if one.id not in booked and one.payment_intent not in intents)
    return [line for _, line in lines] + [_charge(one) for one in alone]


@dataclass(frozen=True, slots=True)
class _StripePayments:
    """Stripe's intents and charges by id, and the charges that each intent made."""

    intents: Mapping[str | None, PaymentIntent]
    charges: Mapping[str | None, Charge]
    made: Mapping[str | None, list[Charge]]

    @classmethod
    def of(cls, facts: Facts) -> "_StripePayments":
        made: dict[str | None, list[Charge]] = {}
        for charge in facts.stripe.charges:
            made.setdefault(charge.payment_intent, []).append(charge)
        intents: dict[str | None, PaymentIntent] = {intent.id: intent for intent in facts.stripe.payment_intents}
        charges: dict[str | None, Charge] = {charge.id: charge for charge in facts.stripe.charges}
        return cls(intents, charges, made)

    def of_ref(self, ref: str | None) -> tuple[PaymentIntent | None, Charge | None]:
        """What a ledger's reference names: the intent, where there is one, and the charge, where it names one."""
        charge = self.charges.get(ref)
        return self.intents.get(charge.payment_intent if charge else ref), charge

    def parts(self, intent: PaymentIntent) -> tuple[Part, ...]:
        """The intent and the charges that it made: rules may name any of them."""
        made = (_theirs("stripe.charges", one.id) for one in self.made.get(intent.id, ()))
        return (_theirs("stripe.payment_intents", intent.id), *made)


def _ledger_payment(row: LedgerPayment, known: _StripePayments) -> Line:
    intent, charge = known.of_ref(row.processor_ref)
    stripe = intent or charge
    parts: tuple[Part, ...] = ()
    if intent is not None:
        parts = known.parts(intent)
    elif row.processor_ref:
        parts = (_theirs("stripe.charges" if charge else "stripe.payment_intents", row.processor_ref),)
    return (_ours("billing_prod.payments", row.payment_id), *parts), (
        date_words(row.created_at),
        f"{row.rail}, {said(row.method)}",
        row.status,
        said(stripe.status) if stripe else NONE,
        amount_words(row.amount_minor, row.currency),
    )


def _intent(intent: PaymentIntent, known: _StripePayments) -> Line:
    amount = amount_words(intent.amount, intent.currency)
    return known.parts(intent), (date_words(intent.created), "stripe", NONE, said(intent.status), amount)


def _charge(charge: Charge) -> Line:
    status = charge.status if charge.captured else f"{charge.status}, not captured"
    amount = amount_words(charge.amount_captured, charge.currency)
    return (_theirs("stripe.charges", charge.id),), (NONE, "stripe", NONE, status, amount)


def subscription_line(row: Subscription, primary: str | None) -> Line:
    notes = [
        "primary" if row.id == primary else "",
        f"collection paused ({said(row.pause_behavior)})" if row.pause_behavior else "",
    ]
    prices = ", ".join(price.id for price in row.prices)
    values = (said(row.status), prices or NONE, date_words(row.created), ", ".join(filter(None, notes)) or NONE)
    return (_theirs("stripe.subscriptions", row.id),), values


def adjustment_line(row: Adjustment) -> Line:
    return (_ours("billing_prod.adjustments", row.adjustment_id),), (
        date_words(row.effective_at),
        row.invoice_id,
        said(row.kind),
        row.approved_by or NONE,
        amount_words(row.amount_minor, row.currency),
    )


def dispute_line(row: Dispute) -> Line:
    amount = amount_words(row.amount, row.currency)
    values = (date_words(row.created), said(row.status), row.payment_intent or row.charge or NONE, amount)
    return (_theirs("stripe.disputes", row.id),), values


def holder_lines(facts: Facts) -> Iterator[Line]:
    """Whose account it is: its own rows, those of accounts merged into it or sharing a customer, Stripe's customers."""
    if (account := facts.account) is not None:
        closed = f"closed {date_words(account.closed_at)}" if account.closed_at else account.status
        yield (_ours("subs_account.accounts", account.account_id),), ("account", NONE, closed)
    for row in facts.customers:
        merged = f"merged into {row.merged_into}" if row.merged_into else NONE
        values = ("customer", row.stripe_customer_id or NONE, merged)
        yield (_ours("subs_customer.customers", row.account_id),), values
    for alias in facts.aliases:
        values = ("alias", alias.account_id, NONE)
        yield (_ours("subs_customer.customer_aliases", alias.stripe_customer_id),), values
    for one in facts.stripe.customers:
        state = "deleted" if one.deleted else "can be charged" if one.has_payment_method else "no payment method"
        yield (_theirs("stripe.customers", one.id),), ("Stripe customer", one.account_id or "names no account", state)


def decision_lines(facts: Facts) -> Iterator[Line]:
    """What people and contracts decided: the engine reads it and never writes it."""
    for row in facts.intents:
        values = (said(row.kind), _until(row.until), row.plan_code or NONE, row.reason or NONE, row.created_by or NONE)
        yield (_ours("subs_dunning.intents", row.intent_id),), values
    if (contract := facts.contract) is not None:
        net_days = f"net {contract.net_days} days" if contract.net_days is not None else NONE
        kind, plan = f"contract, {said(contract.segment)}", contract.plan_code or NONE
        values = (kind, _until(contract.ends_at), plan, net_days, NONE)
        yield (_ours("billing_prod.contracts", contract.account_id),), values
    for block in facts.blocks:
        key = f"{block.account_id},{block.reason}"
        values = (f"block, {block.reason}", "until lifted", NONE, block.level, block.set_by or NONE)
        yield (Part(block.reason, anchor("cf_prod.blocks", key)),), values


def said(code: str) -> str:
    """A code of the stores as people say it."""
    return code.replace("_", " ")


def _until(moment: datetime | None) -> str:
    return date_words(moment) if moment else "open end"


def _ours(table: str, key: str) -> Part:
    return Part(key, anchor(table, key))


def _theirs(table: str, key: str) -> Part:
    return Part(key, anchor(table, key), stripe_ref(key).href)
