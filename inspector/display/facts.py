"""The facts behind a verdict as tables of words: what the ledger and Stripe each hold, side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from inspector.display.material import AccountMaterial, Json, StoreMaterial
from inspector.display.moments import date_words
from inspector.display.money import amount_words
from inspector.display.words import Tone, value_words
from recon.engine.rules.invoices import InvoiceBalance

_NOT_THERE = "–"


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


Balances = Mapping[str, InvoiceBalance]
"""By Stripe's invoice id where Stripe knows the invoice, else by the ledger's."""
Value = str | tuple[str, Tone]
"""One value of a line, with its tone where that is not quiet."""


def fact_tables(material: AccountMaterial, balances: Balances) -> tuple[FactTable, ...]:
    """Every kind of fact of one account, in the order in which a person checks them."""
    billing, stripe, dunning = (material.stores[name] for name in ("billing_prod", "stripe", "subs_dunning"))
    return (
        _table(
            "Invoices",
            "Invoice|Due|Ledger says|Stripe says|#Total|#Left by ledger|#Left by Stripe",
            _invoices(billing.rows("invoices"), stripe.rows("invoices"), balances),
            "Neither the ledger nor Stripe knows an invoice.",
        ),
        _table(
            "Payments",
            "Payment|Created|By|Ledger says|Stripe says|#Amount",
            _payments(billing.rows("payments"), stripe),
            "Neither the ledger nor Stripe knows a payment.",
        ),
        _table(
            "Subscriptions",
            "Subscription|Status|Price|Period ends|Note",
            map(_subscription, stripe.rows("subscriptions")),
            "Stripe shows no subscription.",
        ),
        _table(
            "Adjustments",
            "Adjustment|Effective|Invoice|Kind|Approved by|#Amount",
            map(_adjustment, billing.rows("adjustments")),
            "No credit note, refund, reversal or write-off.",
        ),
        _table(
            "Disputes", "Dispute|Opened|Status|Reason|#Amount", map(_dispute, stripe.rows("disputes")), "No dispute."
        ),
        _table(
            "Intents, contract and blocks",
            "What|Until|Plan|Why|By",
            _decisions(dunning.rows("intents"), billing.rows("contracts"), material.stores["cf_prod"].rows("blocks")),
            "No promise, comp, contract or other block.",
        ),
    )


def _table(name: str, headings: str, lines: Iterable[Sequence[Value]], empty: str) -> FactTable:
    """`headings` are separated by bars; one that begins with # is an amount's."""
    columns = tuple(Column(text.removeprefix("#"), text.startswith("#")) for text in headings.split("|"))
    made = tuple(tuple(_item(column, value) for column, value in zip(columns, line, strict=True)) for line in lines)
    return FactTable(name, columns, made, empty)


def _item(column: Column, value: Value) -> Item:
    return Item(column, value) if isinstance(value, str) else Item(column, *value)


def _invoices(ledger: Sequence[Json], stripe: Sequence[Json], balances: Balances) -> list[Sequence[Value]]:
    """The ledger's invoices beside Stripe's, newest first, then those that Stripe alone knows."""
    of_stripe = {invoice["id"]: invoice for invoice in stripe}
    paired = [(row, of_stripe.pop(row.get("stripe_invoice_id") or "", None)) for row in ledger]
    newest = sorted(paired, key=lambda pair: pair[0].get("issued_at") or "", reverse=True)
    return [_invoice(*pair, balances) for pair in (*newest, *((None, alone) for alone in of_stripe.values()))]


def _invoice(ledger: Json | None, stripe: Json | None, balances: Balances) -> Sequence[Value]:
    ledger, stripe = ledger or {}, stripe or {}
    ids = [ledger.get("invoice_id"), stripe.get("id") or ledger.get("stripe_invoice_id")]
    left = balances.get(ids[1] or "") or balances.get(ids[0] or "")
    disagree = left is not None and left.conflict is not None
    tone = Tone.WARN if disagree else Tone.QUIET
    currency = ledger.get("currency") or stripe.get("currency")
    return (
        " · ".join(filter(None, ids)),
        date_words(ledger.get("due_at") or stripe.get("due_date")),
        ledger.get("status", _NOT_THERE),
        stripe.get("status", _NOT_THERE),
        amount_words(ledger.get("total_minor", stripe.get("total")), currency),
        (amount_words(left.ledger_minor if left else None, currency), tone),
        (amount_words(left.stripe_minor if left else None, currency), tone),
    )


def _payments(ledger: Sequence[Json], stripe: StoreMaterial) -> list[Sequence[Value]]:
    """One line a payment: the ledger's beside Stripe's object of its reference, then those that Stripe alone knows."""
    intents = {intent["id"]: intent for intent in stripe.rows("payment_intents")}
    charges = {charge["id"]: charge for charge in stripe.rows("charges") if charge.get("payment_intent") not in intents}
    of_stripe = intents | charges
    paired = [(row, of_stripe.pop(row.get("processor_ref") or "", None)) for row in ledger]
    newest = sorted(paired, key=lambda pair: pair[0]["created_at"], reverse=True)
    return [_payment(*pair) for pair in (*newest, *((None, alone) for alone in of_stripe.values()))]


def _payment(ledger: Json | None, stripe: Json | None) -> Sequence[Value]:
    ledger, stripe = ledger or {}, stripe or {}
    ids = (ledger.get("payment_id"), stripe.get("id") or ledger.get("processor_ref"))
    minor, currency = ledger.get("amount_minor", stripe.get("amount")), ledger.get("currency", stripe.get("currency"))
    return (
        " · ".join(filter(None, ids)),
        date_words(ledger.get("created_at") or stripe.get("created")),
        " ".join(filter(None, (ledger.get("rail"), ledger.get("method", "").replace("_", " ")))) or "stripe",
        ledger.get("status", _NOT_THERE),
        stripe.get("status", _NOT_THERE).replace("_", " "),
        amount_words(minor, currency),
    )


def _subscription(row: Json) -> Sequence[str]:
    items = row.get("items", {}).get("data", [])
    prices = (item.get("price") or item.get("plan") or {} for item in items)
    ends = [item.get("current_period_end") for item in items if item.get("current_period_end")]
    notes = (
        "ends with its period" if row.get("cancel_at_period_end") else "",
        f"collection paused ({row['pause_collection'].get('behavior')})" if row.get("pause_collection") else "",
    )
    return (
        row["id"],
        row["status"].replace("_", " "),
        ", ".join(price.get("id", _NOT_THERE) for price in prices) or _NOT_THERE,
        date_words(row.get("current_period_end") or max(ends, default=None)),
        ", ".join(filter(None, notes)) or _NOT_THERE,
    )


def _adjustment(row: Json) -> Sequence[str]:
    return (
        row["adjustment_id"],
        date_words(row["effective_at"]),
        row["invoice_id"],
        row["kind"].replace("_", " "),
        row.get("approved_by") or _NOT_THERE,
        amount_words(row["amount_minor"], row["currency"]),
    )


def _dispute(row: Json) -> Sequence[str]:
    reason = str(row.get("reason") or _NOT_THERE).replace("_", " ")
    amount = amount_words(row.get("amount"), row.get("currency"))
    return (row["id"], date_words(row.get("created")), row["status"].replace("_", " "), reason, amount)


def _decisions(intents: Sequence[Json], contracts: Sequence[Json], blocks: Sequence[Json]) -> list[Sequence[str]]:
    """What people and contracts decided: the engine reads it and never writes it."""
    lines: list[Sequence[str]] = [
        (
            row["kind"].replace("_", " "),
            date_words(row.get("until")) if row.get("until") else "open end",
            row.get("plan_code") or _NOT_THERE,
            row.get("reason") or _NOT_THERE,
            row.get("created_by") or _NOT_THERE,
        )
        for row in intents
    ]
    lines += [
        (
            f"contract, {row['segment'].replace('_', ' ')}",
            date_words(row.get("ends_at")) if row.get("ends_at") else "open end",
            row.get("plan_code") or _NOT_THERE,
            f"net {value_words(row.get('net_days'))} days" if row.get("net_days") is not None else _NOT_THERE,
            _NOT_THERE,
        )
        for row in contracts
    ]
    lines += [
        (f"block, {row['reason']}", "until lifted", _NOT_THERE, row["level"], row.get("set_by") or _NOT_THERE)
        for row in blocks
        if row["reason"] != "billing_debt"
    ]
    return lines
