"""The facts behind a verdict as tables of words: what the ledger and Stripe each hold, side by side."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from inspector.display.address import Address
from inspector.display.fact_lines import (
    Line,
    Part,
    Value,
    adjustment_line,
    decision_lines,
    dispute_line,
    holder_lines,
    invoice_line,
    payment_lines,
    subscription_line,
)
from inspector.display.moments import clock_words
from inspector.display.words import STORES
from recon.engine.facts import Facts
from recon.queries.account import AccountView
from recon.queries.facts import AccountFacts

PAYMENTS = 16
"""Lines of payments that are shown of a long account."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column's heading; `css` puts an amount to the right."""

    label: str
    css: str


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a line under its column's `label`."""

    label: str
    css: str
    text: str


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact: the ids that it is about, and its other values."""

    ids: tuple[Part, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class FactTable:
    """One kind of fact: its headings and lines; `empty` is said when there are none, `more` of those left out."""

    name: str
    first: str
    columns: tuple[Column, ...]
    lines: tuple[FactLine, ...]
    empty: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class FactsView:
    """All facts of an account: the tables that have lines, what there is none of, and what had to be left out because
    it is not understood. `switch_href` leads to all of a long account's facts, or back to the first ones."""

    tables: tuple[FactTable, ...] = ()
    nothing: str = ""
    left_out: tuple[str, ...] = ()
    old: tuple[str, ...] = ()
    switch: str = ""
    switch_href: str = ""


def facts_view(known: AccountFacts, view: AccountView, address: Address, now: datetime) -> FactsView:
    """The facts as the rules read them; what they could not read or understand is named instead."""
    facts = known.facts
    if facts is None:
        return FactsView(left_out=(known.unreadable,))
    tables = _tables(known, facts, (view.truth or {}).get("primary_subscription_id"))
    left_out = tuple(f"{problem.place}: {problem.reason}" for problem in facts.problems)
    nothing = " ".join(table.empty for table in tables if not table.lines)
    return FactsView(
        tables=tuple(table for table in tables if table.lines),
        nothing="" if left_out else nothing,
        left_out=left_out,
        old=_old(view, now),
        switch=_switch(known),
        switch_href=address.href(all_facts=known.is_short, anchor="facts") if known.is_long else "",
    )


def anchors_of(facts: FactsView) -> frozenset[str]:
    """The rows that evidence can lead to."""
    return frozenset(part.anchor for table in facts.tables for line in table.lines for part in line.ids)


def _old(view: AccountView, now: datetime) -> tuple[str, ...]:
    """The stores whose facts are older than the verdict."""
    down = [(STORES[name], store) for name, store in view.stores.items() if not store.ok]
    return tuple(
        f"{name} was not read: what it says here is of {clock_words(store.as_of, now)}."
        if store.as_of
        else f"{name} was not read, and never was before: nothing of it stands here."
        for name, store in down
    )


def _switch(known: AccountFacts) -> str:
    if not known.is_long:
        return ""
    return f"Show all {known.invoices_in_all} invoices and every payment" if known.is_short else "Show the first only"


def _tables(known: AccountFacts, facts: Facts, primary: str | None) -> tuple[FactTable, ...]:
    """Every kind of fact, in the order in which a person checks them."""
    payments = payment_lines(facts)
    settled = known.invoices_in_all - len(known.invoices)
    return (
        _table(
            "Invoices",
            "Invoice|Due|Ledger says|Stripe says|#Total|#Left by ledger|#Left by Stripe",
            map(invoice_line, known.invoices),
            "Neither the ledger nor Stripe knows an invoice.",
            f"{settled} more, older." if settled else "",
        ),
        _table(
            "Payments",
            "Payment|Created|By|Ledger says|Stripe says|#Amount",
            payments[:PAYMENTS] if known.is_short else payments,
            "Neither the ledger nor Stripe knows a payment.",
            "And older ones." if known.is_short else "",
        ),
        _table(
            "Subscriptions",
            "Subscription|Status|Price|Since|Note",
            (subscription_line(one, primary) for one in facts.stripe.subscriptions),
            "Stripe shows no subscription.",
        ),
        _table(
            "Adjustments",
            "Adjustment|Effective|Invoice|Kind|Approved by|#Amount",
            map(adjustment_line, facts.adjustments),
            "No credit note, refund, reversal or write-off.",
        ),
        _table(
            "Disputes",
            "Dispute|Opened|Status|Payment|#Amount",
            map(dispute_line, facts.stripe.disputes),
            "No dispute.",
        ),
        _table(
            "Intents, contract and other blocks",
            "Decision|What|Until|Plan|Why|By",
            decision_lines(facts),
            "No promise, comp, contract or block of another owner.",
        ),
        _table(
            "Account and customers",
            "Id|Row|Linked with|Says",
            holder_lines(facts),
            "No store knows whose account it is.",
        ),
    )


def _table(name: str, headings: str, lines: Iterable[Line], empty: str, more: str = "") -> FactTable:
    """`headings` are separated by bars; one that begins with # is an amount's."""
    columns = tuple(
        Column(text.removeprefix("#"), "grid-amount" if text.startswith("#") else "") for text in headings.split("|")
    )
    made = tuple(FactLine(ids, tuple(map(_item, columns[1:], values))) for ids, values in lines)
    return FactTable(name, columns[0].label, columns, made, empty, more)


def _item(column: Column, value: Value) -> Item:
    if isinstance(value, str):
        return Item(column.label, column.css, value)
    return Item(column.label, f"{column.css} tone-{value.tone}", value.text)
