"""One invoice on which the ledger and Stripe disagree (K5): both balances, and what either owner has to do.

The ledger's balance L counts every payment that a store settled, Stripe's too (T3): what is missing on either side is
a credit, a reversal, or that the invoice is void.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote
from typing import Final

from recon.engine.enums import LedgerInvoiceStatus, StripeInvoiceStatus
from recon.engine.facts import StoreName
from recon.engine.money import shown
from recon.engine.rules.invoices import UNPAID
from recon.queries.account import AccountView
from recon.queries.case_subjects import Subject
from recon.queries.case_words import Told, literal
from recon.queries.facts import AccountFacts, Invoice

LEDGER: Final = StoreName.BILLING_PROD.value
STRIPE: Final = StoreName.STRIPE.value


@dataclass(frozen=True, slots=True)
class Sides:
    """Both stores' word on one invoice: ids and statuses empty, amounts (minor units) None where a store does not know
    it. `payments` are the ids of what paid it."""

    ledger_id: str
    ledger_status: str
    ledger_minor: int | None
    ledger_currency: str
    stripe_id: str
    stripe_status: str
    stripe_minor: int | None
    stripe_currency: str
    payments: tuple[str, ...]


def sides_of(facts: AccountFacts, subject: Subject) -> Sides | None:
    """None where the facts that are shown do not hold the invoice."""
    invoice = _invoice(facts, subject)
    return _sides(invoice) if invoice is not None else None


def invoice_choices(view: AccountView, facts: AccountFacts, subject: Subject) -> Iterator[tuple[str, str, Told, str]]:
    """(the store that is right, in words, what the other's owner is told, our own proposal that does it)."""
    invoice = _invoice(facts, subject)
    if invoice is None:
        return
    both = _sides(invoice)
    ours = [f"{one['verb']}:{one['object']}" for one in view.proposals if one["object"] == both.stripe_id]
    told = _approve_ours(both, ours[0]) if ours else _for_stripe(view.account_id, invoice, both)
    ledger, stripe = _says(both.ledger_minor, both.ledger_currency), _says(both.stripe_minor, both.stripe_currency)
    yield LEDGER, f"The ledger is right: {ledger}", told, next(iter(ours), "")
    yield STRIPE, f"Stripe is right: {stripe}", _for_ledger(view.account_id, invoice, both), ""


def _invoice(facts: AccountFacts, subject: Subject) -> Invoice | None:
    return next((one for one in facts.invoices if tuple(sorted(one.claim.refs)) == subject.refs), None)


def _sides(invoice: Invoice) -> Sides:
    claim, balance = invoice.claim, invoice.balance
    return Sides(
        ledger_id=claim.ledger.invoice_id if claim.ledger else "",
        ledger_status=claim.ledger.status.value if claim.ledger else "",
        ledger_minor=balance.ledger_minor,
        ledger_currency=claim.ledger.currency if claim.ledger else claim.currency,
        stripe_id=claim.stripe.id if claim.stripe else "",
        stripe_status=claim.stripe.status.value if claim.stripe else "",
        stripe_minor=balance.stripe_minor,
        stripe_currency=claim.stripe.currency if claim.stripe else claim.currency,
        payments=tuple(sorted({ref for payment in claim.payments for ref in (seen.ref for seen in payment.settled)})),
    )


def _approve_ours(both: Sides, proposal: str) -> Told:
    return Told(f"The ledger is right on {both.ledger_id}: approve {proposal}, which the plan of the account proposes.")


def _for_stripe(account_id: str, invoice: Invoice, both: Sides) -> Told:
    """The ledger is right: what Stripe's owner has to do."""
    head = f"Account {account_id}, invoice {both.stripe_id or both.ledger_id}: {_both(both)} The ledger is right"
    owed, asked = both.ledger_minor or 0, both.stripe_minor or 0
    if not both.stripe_id:
        return Told(
            f"{head}: Stripe does not know the invoice, please bill it there or say why it is not billed there."
        )
    if both.ledger_currency != both.stripe_currency:
        return Told(f"{head}: please bill it anew in {both.ledger_currency.upper()}, and void this one.")
    if owed > asked:
        return Told(f"{head}: please bill the missing {shown(owed - asked, both.ledger_currency)} in Stripe.")
    if invoice.claim.stripe is None or invoice.claim.stripe.status not in UNPAID:
        return Told(f"{head}: please settle the disputes on {both.stripe_id} as the ledger has them.")
    if not both.ledger_id or both.ledger_status == LedgerInvoiceStatus.VOID:
        return Told(f"{head}: please void it.", f"stripe invoices void_invoice {quote(both.stripe_id)}")
    if not owed and any(payment.offline for payment in invoice.claim.payments):
        call = f"stripe invoices pay {quote(both.stripe_id)} -d paid_out_of_band=true"
        return Told(f"{head}: it was paid outside Stripe, please mark it so.{_evidence(both)}", call)
    less = asked - owed
    call = f"stripe credit_notes create -d invoice={quote(both.stripe_id)} -d amount={less}"
    return Told(f"{head}: please credit {shown(less, both.stripe_currency)} of it.{_evidence(both)}", call)


def _for_ledger(account_id: str, invoice: Invoice, both: Sides) -> Told:
    """Stripe is right: what the ledger's owner has to do."""
    head = f"Account {account_id}, invoice {both.ledger_id or both.stripe_id}: {_both(both)} Stripe is right"
    owed, asked = both.ledger_minor or 0, both.stripe_minor or 0
    if not both.ledger_id:
        return Told(f"{head}: please enter {both.stripe_id} into the ledger.{_evidence(both)}")
    is_void = both.stripe_status == StripeInvoiceStatus.VOID
    if not both.stripe_id or is_void:
        where = f"invoice_id = {literal(both.ledger_id)} and status = 'issued'"
        return Told(f"{head}: please void it in the ledger.", f"update invoices set status = 'void' where {where};")
    if both.ledger_currency != both.stripe_currency:
        return Told(f"{head}: please correct the invoice's currency in the ledger.")
    if both.ledger_status != LedgerInvoiceStatus.ISSUED:
        where = f"invoice_id = {literal(both.ledger_id)} and status = {literal(both.ledger_status)}"
        return Told(f"{head}: please put it back as issued.", f"update invoices set status = 'issued' where {where};")
    if owed > asked:
        text = f"{head}: please book {shown(owed - asked, both.ledger_currency)} as credited.{_evidence(both)}"
        return Told(text, _adjustment(both, "credit_note", owed - asked))
    text = f"{head}: please book a reversal of {shown(asked - owed, both.ledger_currency)}.{_evidence(both)}"
    was_paid = bool(invoice.claim.payments)
    return Told(text, _adjustment(both, "reversal", asked - owed) if was_paid else "")


def _adjustment(both: Sides, kind: str, minor: int) -> str:
    values = f"gen_random_uuid()::text, {literal(both.ledger_id)}, '{kind}', {minor}, {literal(both.ledger_currency)}"
    columns = "adjustment_id, invoice_id, kind, amount_minor, currency, effective_at"
    return f"insert into adjustments ({columns}) values ({values}, now());"


def _both(both: Sides) -> str:
    ledger, stripe = _says(both.ledger_minor, both.ledger_currency), _says(both.stripe_minor, both.stripe_currency)
    ledger_id, stripe_id = (f" ({one})" if one else "" for one in (both.ledger_id, both.stripe_id))
    return f"the ledger says {ledger}{ledger_id}, Stripe says {stripe}{stripe_id}."


def _says(minor: int | None, currency: str) -> str:
    return "it has no such invoice" if minor is None else f"{shown(minor, currency)} is owed"


def _evidence(both: Sides) -> str:
    return f" Paid by: {', '.join(both.payments)}." if both.payments else ""
