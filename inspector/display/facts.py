"""The facts behind a verdict as tables of words: what the ledger and Stripe each hold, side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inspector.display.moments import date_words
from inspector.display.money import amount_words
from inspector.display.words import Tone
from recon.engine.facts import (
    Adjustment,
    Charge,
    Dispute,
    Facts,
    LedgerPayment,
    PaymentIntent,
    Subscription,
)
from recon.queries.facts import AccountFacts, Invoice

_NONE = "–"
Value = str | tuple[str, Tone]
"""One value of a line, with its tone where that is not quiet."""
Line = Sequence[Value]


@dataclass(frozen=True, slots=True)
class Column:
    """One column's heading; an amount stands to the right."""

    label: str
    is_amount: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a line under its column, with the tone of what it says."""

    column: Column
    text: str
    tone: Tone = Tone.QUIET


@dataclass(frozen=True, slots=True)
class FactTable:
    """One kind of fact: its headings and lines; `empty` is said when there are none."""

    name: str
    columns: tuple[Column, ...]
    lines: tuple[tuple[Item, ...], ...]
    empty: str


@dataclass(frozen=True, slots=True)
class FactsView:
    """All facts of an account: the tables that have lines, what there is none of, and what had to be left out."""

    tables: tuple[FactTable, ...]
    nothing: str
    left_out: tuple[str, ...]


def facts_view(known: AccountFacts, primary_subscription: str | None) -> FactsView:
    """The facts as the rules read them; what they could not read or understand is named instead."""
    facts = known.facts
    if facts is None:
        return FactsView((), "", (known.unreadable,))
    tables = _tables(known.invoices, facts, primary_subscription)
    left_out = tuple(f"{problem.store}.{problem.place}: {problem.reason}" for problem in facts.problems)
    nothing = " ".join(table.empty for table in tables if not table.lines)
    return FactsView(tuple(table for table in tables if table.lines), "" if left_out else nothing, left_out)


def _tables(invoices: Iterable[Invoice], facts: Facts, primary: str | None) -> tuple[FactTable, ...]:
    """Every kind of fact, in the order in which a person checks them."""
    return (
        _table(
            "Invoices",
            "Invoice|Due|Ledger says|Stripe says|#Total|#Left by ledger|#Left by Stripe",
            map(_invoice, sorted(invoices, key=_newest_due_first)),
            "Neither the ledger nor Stripe knows an invoice.",
        ),
        _table(
            "Payments",
            "Payment|Created|By|Ledger says|Stripe says|#Amount",
            _payments(facts),
            "Neither the ledger nor Stripe knows a payment.",
        ),
        _table(
            "Subscriptions",
            "Subscription|Status|Price|Since|Note",
            (_subscription(one, primary) for one in facts.stripe.subscriptions),
            "Stripe shows no subscription.",
        ),
        _table(
            "Adjustments",
            "Adjustment|Effective|Invoice|Kind|Approved by|#Amount",
            map(_adjustment, facts.adjustments),
            "No credit note, refund, reversal or write-off.",
        ),
        _table(
            "Disputes", "Dispute|Opened|Status|Payment|#Amount", map(_dispute, facts.stripe.disputes), "No dispute."
        ),
        _table(
            "Intents, contract and other blocks",
            "What|Until|Plan|Why|By",
            _decisions(facts),
            "No promise, comp, contract or block of another owner.",
        ),
    )


def _table(name: str, headings: str, lines: Iterable[Line], empty: str) -> FactTable:
    """`headings` are separated by bars; one that begins with # is an amount's."""
    columns = tuple(Column(text.removeprefix("#"), text.startswith("#")) for text in headings.split("|"))
    made = tuple(tuple(_item(column, value) for column, value in zip(columns, line, strict=True)) for line in lines)
    return FactTable(name, columns, made, empty)


def _item(column: Column, value: Value) -> Item:
    return Item(column, value) if isinstance(value, str) else Item(column, *value)


def _newest_due_first(invoice: Invoice) -> float:
    due_at = invoice.balance.due_at
    return -due_at.timestamp() if due_at else 0.0


def _invoice(invoice: Invoice) -> Line:
    ledger, stripe, balance = invoice.claim.ledger, invoice.claim.stripe, invoice.balance
    stripe_id = stripe.id if stripe else ledger.stripe_invoice_id if ledger else None
    total = ledger.total_minor if ledger else stripe.amount_due if stripe else None
    tone = Tone.WARN if balance.conflict else Tone.QUIET
    return (
        _pair(ledger.invoice_id if ledger else None, stripe_id),
        date_words(balance.due_at),
        ledger.status if ledger else _NONE,
        stripe.status if stripe else _NONE,
        amount_words(total, balance.currency),
        (amount_words(balance.ledger_minor, balance.currency), tone),
        (amount_words(balance.stripe_minor, balance.currency), tone),
    )


def _payments(facts: Facts) -> list[Line]:
    """One line a payment: the ledger's beside Stripe's object of its reference, then those that Stripe alone knows."""
    intents = {intent.id: intent for intent in facts.stripe.payment_intents}
    charges = {charge.id: charge for charge in facts.stripe.charges}
    ledger = sorted(facts.payments, key=lambda row: row.created_at, reverse=True)
    lines = [_ledger_payment(row, intents.get(row.processor_ref or ""), charges) for row in ledger]
    booked = {row.processor_ref for row in ledger}
    booked |= {charges[ref].payment_intent for ref in booked if ref in charges}
    booked |= {intents[ref].latest_charge for ref in booked if ref in intents}
    lines += [_intent(intent) for intent in intents.values() if intent.id not in booked]
    lines += [_charge(one) for one in charges.values() if one.id not in booked and one.payment_intent not in intents]
    return lines


def _ledger_payment(row: LedgerPayment, intent: PaymentIntent | None, charges: dict[str, Charge]) -> Line:
    stripe = intent or charges.get(row.processor_ref or "")
    return (
        _pair(row.payment_id, row.processor_ref),
        date_words(row.created_at),
        f"{row.rail}, {_said(row.method)}",
        row.status,
        _said(stripe.status) if stripe else _NONE,
        amount_words(row.amount_minor, row.currency),
    )


def _intent(intent: PaymentIntent) -> Line:
    amount = amount_words(intent.amount, intent.currency)
    return (intent.id, date_words(intent.created), "stripe", _NONE, _said(intent.status), amount)


def _charge(charge: Charge) -> Line:
    status = charge.status if charge.captured else f"{charge.status}, not captured"
    return (charge.id, _NONE, "stripe", _NONE, status, amount_words(charge.amount_captured, charge.currency))


def _subscription(row: Subscription, primary: str | None) -> Line:
    notes = (
        "primary" if row.id == primary else "",
        f"collection paused ({_said(row.pause_behavior)})" if row.pause_behavior else "",
    )
    prices = ", ".join(price.id for price in row.prices)
    return (
        row.id,
        _said(row.status),
        prices or _NONE,
        date_words(row.created),
        ", ".join(filter(None, notes)) or _NONE,
    )


def _adjustment(row: Adjustment) -> Line:
    return (
        row.adjustment_id,
        date_words(row.effective_at),
        row.invoice_id,
        _said(row.kind),
        row.approved_by or _NONE,
        amount_words(row.amount_minor, row.currency),
    )


def _dispute(row: Dispute) -> Line:
    amount = amount_words(row.amount, row.currency)
    return (row.id, date_words(row.created), _said(row.status), row.payment_intent or row.charge or _NONE, amount)


def _decisions(facts: Facts) -> list[Line]:
    """What people and contracts decided: the engine reads it and never writes it."""
    lines: list[Line] = [
        (
            _said(row.kind),
            date_words(row.until) if row.until else "open end",
            row.plan_code or _NONE,
            row.reason or _NONE,
            row.created_by or _NONE,
        )
        for row in facts.intents
    ]
    if (contract := facts.contract) is not None:
        net_days = f"net {contract.net_days} days" if contract.net_days is not None else _NONE
        ends = date_words(contract.ends_at) if contract.ends_at else "open end"
        lines.append((f"contract, {_said(contract.segment)}", ends, contract.plan_code or _NONE, net_days, _NONE))
    lines += [(f"block, {row.reason}", "until lifted", _NONE, row.level, row.set_by or _NONE) for row in facts.blocks]
    return lines


def _pair(ours: str | None, theirs: str | None) -> str:
    return " · ".join(filter(None, (ours, theirs)))


def _said(code: str) -> str:
    return code.replace("_", " ")
