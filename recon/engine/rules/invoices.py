"""T3 to T7: what each invoice still owes, by both witnesses, since when, and what is on its way.

An invoice is one claim on the account, whoever knows of it: the ledger, Stripe, or both (paired by the ledger's
`stripe_invoice_id`). Everything here is independent of the clock; `ladder` adds the moment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from recon.engine.enums import (
    AdjustmentKind,
    LedgerInvoiceStatus,
    Segment,
    StripeInvoiceStatus,
    SubscriptionStatus,
)
from recon.engine.facts import Adjustment, Contract, Dispute, Facts, LedgerInvoice, StripeInvoice
from recon.engine.findings import Finding, FindingKind
from recon.engine.moments import after
from recon.engine.money import shown
from recon.engine.rules.identity import Identity
from recon.engine.rules.payments import Payment, Payments, net_reversal

UNPAID = (StripeInvoiceStatus.OPEN, StripeInvoiceStatus.UNCOLLECTIBLE)


@dataclass(frozen=True, slots=True)
class Claim:
    """One invoice with everything that is said of it.

    `ids` are its ids in the ledger and in Stripe (even where Stripe does not show it), by which payments name it.
    `adjustments` are the ledger's, in the invoice's currency, and `net_reversal_minor` what they took back.
    """

    ledger: LedgerInvoice | None
    stripe: StripeInvoice | None
    ids: frozenset[str]
    adjustments: tuple[Adjustment, ...]
    net_reversal_minor: int
    payments: tuple[Payment, ...]

    @property
    def refs(self) -> tuple[str, ...]:
        """Where it stands, for evidence."""
        ledger = (f"billing_prod.invoices[{self.ledger.invoice_id}]",) if self.ledger is not None else ()
        stripe = (f"stripe.invoices[{self.stripe.id}]",) if self.stripe is not None else ()
        return ledger + stripe

    @property
    def currency(self) -> str:
        """The ledger's currency where the ledger knows it, else Stripe's."""
        if self.ledger is not None:
            return self.ledger.currency
        return self.stripe.currency if self.stripe is not None else ""

    @property
    def settled_minor(self) -> int:
        """T2's settled sum in the ledger's currency. Money from outside Stripe that both stores tell of counts once."""
        ids = self.ids
        offline = outside = through = 0
        for payment in self.payments:
            amount = payment.settled_minor(self.currency, ids)
            if payment.outside:
                outside += amount
            elif payment.offline:
                offline += amount
            else:
                through += amount
        return through + max(offline, outside)

    @property
    def lost(self) -> list[Dispute]:
        """The lost disputes on its payments, in the currency of Stripe's invoice where Stripe knows it."""
        currency = self.currency if self.stripe is None else self.stripe.currency
        return [one for payment in self.payments for one in payment.lost if one.currency == currency]

    def sum_of(self, kind: AdjustmentKind) -> int:
        return sum(one.amount_minor for one in self.adjustments if one.kind is kind)


@dataclass(frozen=True, slots=True)
class InFlight:
    """A payment on its way: minor units of the invoice's currency, and since when."""

    amount_minor: int
    created: datetime | None


@dataclass(frozen=True, slots=True)
class InvoiceBalance:
    """What one claim owes. `ledger_minor` (L) and `stripe_minor` (S) are None where that store does not know it.

    `one_witness` and `disputed` cap it at past_due (T5, T7). `due_at` None is never overdue. `written_off_minor` is the
    unrecovered write-off. `conflict` is K5.
    """

    refs: tuple[str, ...]
    currency: str
    ledger_minor: int | None
    stripe_minor: int | None
    collectible_minor: int
    written_off_minor: int
    one_witness: bool
    disputed: bool
    due_at: datetime | None
    in_flight: tuple[InFlight, ...]
    conflict: Finding | None


def claims_of(facts: Facts, identity: Identity, payments: Payments) -> tuple[Claim, ...]:
    """Every invoice of the account: the family's in the ledger, and those that only Stripe knows, of linked
    customers."""
    in_stripe = {invoice.id: invoice for invoice in facts.stripe.invoices}
    known_to_ledger = {row.stripe_invoice_id for row in facts.invoices}
    adjustments: dict[str, list[Adjustment]] = {}
    for row in facts.adjustments:
        adjustments.setdefault(row.invoice_id, []).append(row)
    claims = [
        _claim(row, in_stripe.get(row.stripe_invoice_id or ""), adjustments.get(row.invoice_id, ()), payments)
        for row in facts.invoices
        if row.account_id in identity.family
    ]
    claims += [
        _claim(None, invoice, (), payments)
        for invoice in facts.stripe.invoices
        if invoice.customer in identity.linked and invoice.id not in known_to_ledger
    ]
    return tuple(sorted(claims, key=lambda claim: claim.refs))


def _claim(
    ledger: LedgerInvoice | None, stripe: StripeInvoice | None, adjustments: Iterable[Adjustment], payments: Payments
) -> Claim:
    ids = [ledger.invoice_id] if ledger is not None else []
    in_stripe = stripe.id if stripe is not None else ledger and ledger.stripe_invoice_id
    ids += [in_stripe] if in_stripe else []
    own = [one for one in adjustments if ledger is not None and one.currency == ledger.currency]
    own.sort(key=lambda one: one.adjustment_id)
    return Claim(ledger, stripe, frozenset(ids), tuple(own), net_reversal(own), payments.paying(ids))


def first_invoices_of_incomplete(facts: Facts) -> frozenset[str]:
    """T4: the Stripe invoices that merely asked whether a subscription would begin: no debt, whatever they say."""
    waiting = (SubscriptionStatus.INCOMPLETE, SubscriptionStatus.INCOMPLETE_EXPIRED)
    by_subscription: dict[str, list[StripeInvoice]] = {
        subscription.id: [] for subscription in facts.stripe.subscriptions if subscription.status in waiting
    }
    if not by_subscription:
        return frozenset()
    for invoice in facts.stripe.invoices:
        if invoice.subscription in by_subscription:
            by_subscription[invoice.subscription].append(invoice)
    return frozenset(_first(invoices).id for invoices in by_subscription.values() if invoices)


def _first(invoices: list[StripeInvoice]) -> StripeInvoice:
    def age(invoice: StripeInvoice) -> tuple[bool, float, str]:
        created = 0.0 if invoice.created is None else invoice.created.timestamp()
        return (invoice.billing_reason != "subscription_create", created, invoice.id)

    return min(invoices, key=age)


def balance_of(claim: Claim, contract: Contract | None) -> InvoiceBalance:
    """T3, T5, T6 and T7 of one invoice. `contract` is the account's own, for its net days and its segment."""
    owed, written_off = _ledger_balance(claim)
    stripe_minor = _stripe_balance(claim, written_off)
    collectible, one_witness = _collectible(claim, owed, stripe_minor, contract)
    return InvoiceBalance(
        refs=claim.refs,
        currency=claim.currency,
        ledger_minor=owed,
        stripe_minor=stripe_minor,
        collectible_minor=collectible,
        written_off_minor=_unrecovered(claim, written_off),
        one_witness=one_witness,
        disputed=claim.net_reversal_minor > 0 or bool(claim.lost),
        due_at=_due_at(claim, contract),
        in_flight=_in_flight(claim),
        conflict=_conflict(claim, owed, stripe_minor, collectible, one_witness),
    )


def _ledger_balance(claim: Claim) -> tuple[int | None, int]:
    """T3: (L, written_off); L is None where the ledger does not know the invoice."""
    if claim.ledger is None:
        return None, 0
    if claim.ledger.status is not LedgerInvoiceStatus.ISSUED:
        return 0, 0
    credited = claim.sum_of(AdjustmentKind.CREDIT_NOTE) + claim.sum_of(AdjustmentKind.REVERSAL_UNDONE)
    owed_again = claim.sum_of(AdjustmentKind.REVERSAL)
    due = max(0, claim.ledger.total_minor - credited - claim.settled_minor + owed_again)
    written_off = min(due, claim.sum_of(AdjustmentKind.WRITE_OFF))
    return due - written_off, written_off


def _lost_minor(claim: Claim, currency: str) -> int:
    return sum(payment.lost_minor(currency, claim.ids) for payment in claim.payments)


def _still_shown(claim: Claim) -> int | None:
    """What Stripe still shows as unpaid, lost disputes included; None where Stripe does not know the invoice."""
    if claim.stripe is None:
        return None
    remaining = claim.stripe.amount_remaining if claim.stripe.status in UNPAID else 0
    return remaining + _lost_minor(claim, claim.stripe.currency)


def _unrecovered(claim: Claim, written_off: int) -> int:
    """T3: of a write-off, at most what Stripe still shows. Another currency's amount only says whether anything is."""
    still_shown = _still_shown(claim)
    if still_shown is None or (still_shown and not _same_currency(claim)):
        return written_off
    return min(written_off, still_shown)


def _stripe_balance(claim: Claim, written_off: int) -> int | None:
    """T3: S. What the ledger wrote off is no longer asked for; another currency's write-off is not subtracted."""
    shown_minor = _still_shown(claim)
    if claim.stripe is None or shown_minor is None:
        return None
    if claim.stripe.forgiven and claim.stripe.status is StripeInvoiceStatus.UNCOLLECTIBLE:
        shown_minor -= claim.stripe.amount_remaining
    return max(0, shown_minor - (written_off if claim.stripe.currency == claim.currency else 0))


def _collectible(claim: Claim, owed: int | None, stripe: int | None, contract: Contract | None) -> tuple[int, bool]:
    """T5: (what may be asked for, whether one witness alone says so)."""
    if owed is None:
        return stripe or 0, True
    if stripe is None:
        return owed, not _is_contract_invoice(claim, contract)
    if not _same_currency(claim):
        return (owed if stripe else 0), True
    return min(owed, stripe), False


def _same_currency(claim: Claim) -> bool:
    return claim.ledger is None or claim.stripe is None or claim.ledger.currency == claim.stripe.currency


def _is_contract_invoice(claim: Claim, contract: Contract | None) -> bool:
    """A contract account's invoice that was never meant for Stripe has one witness, and that is normal."""
    by_contract = contract is not None and contract.segment is Segment.CONTRACT
    return by_contract and claim.ledger is not None and claim.ledger.stripe_invoice_id is None


def _conflict(
    claim: Claim, owed: int | None, stripe: int | None, collectible: int, one_witness: bool
) -> Finding | None:
    """K5: the two witnesses disagree, or one of them is missing while money is asked for."""
    if not _same_currency(claim) and claim.ledger and claim.stripe:
        text = f"The ledger asks in {claim.ledger.currency.upper()}, Stripe in {claim.stripe.currency.upper()}."
    elif owed is not None and stripe is not None:
        if owed == stripe:
            return None
        text = f"The ledger says {shown(owed, claim.currency)} is owed, Stripe says {shown(stripe, claim.currency)}."
    elif one_witness and collectible > 0:
        only, other = ("the ledger", "Stripe") if stripe is None else ("Stripe", "the ledger")
        text = f"Only {only} asks for {shown(collectible, claim.currency)}; {other} does not know the invoice."
    else:
        return None
    return Finding(FindingKind.FACT_CONFLICT, text, claim.refs)


def _due_at(claim: Claim, contract: Contract | None) -> datetime | None:
    """T6: the latest due date that anyone gave, moved on by a standing reversal or a lost dispute; None is never."""
    due = max(_due_dates(claim, contract), default=None) or _issued(claim)
    if due is None:
        return None
    return max([due, *_standing_reversals(claim), *(dispute.created for dispute in claim.lost)])


def _due_dates(claim: Claim, contract: Contract | None) -> Iterable[datetime]:
    if claim.ledger is not None:
        if claim.ledger.due_at is not None:
            yield claim.ledger.due_at
        net_days = contract.net_days if contract is not None else None
        if claim.ledger.issued_at is not None and net_days is not None:
            yield after(claim.ledger.issued_at, timedelta(days=net_days)) or claim.ledger.issued_at
    if claim.stripe is not None and claim.stripe.due_date is not None:
        yield claim.stripe.due_date


def _issued(claim: Claim) -> datetime | None:
    if claim.stripe is not None and claim.stripe.finalized_at is not None:
        return claim.stripe.finalized_at
    return claim.ledger.issued_at if claim.ledger is not None else None


def _standing_reversals(claim: Claim) -> Iterable[datetime]:
    """Of an invoice whose reversals were not all undone, for each payment that they name (or none): the last one."""
    if claim.net_reversal_minor == 0:
        return
    by_payment: dict[str | None, list[Adjustment]] = {}
    for one in claim.adjustments:
        by_payment.setdefault(one.payment_id, []).append(one)
    for group in by_payment.values():
        if net_reversal(group) > 0:
            yield max(one.effective_at for one in group if one.kind is AdjustmentKind.REVERSAL)


def _in_flight(claim: Claim) -> tuple[InFlight, ...]:
    flying = (InFlight(*payment.in_flight_minor(claim.currency, claim.ids)) for payment in claim.payments)
    return tuple(one for one in flying if one.amount_minor > 0)


def balances_of(facts: Facts, claims: Iterable[Claim]) -> tuple[InvoiceBalance, ...]:
    """T3 to T7 over all claims, without those that T4 takes out."""
    no_debt = first_invoices_of_incomplete(facts)
    counted = (claim for claim in claims if claim.stripe is None or claim.stripe.id not in no_debt)
    return tuple(balance_of(claim, facts.contract) for claim in counted)


def totals(balances: Iterable[InvoiceBalance]) -> Mapping[str, tuple[int, int]]:
    """Currency → (Σ collectible, Σ unrecovered write-off), of the currencies with a number that is not zero."""
    sums: dict[str, tuple[int, int]] = {}
    for one in balances:
        collectible, written_off = sums.get(one.currency, (0, 0))
        sums[one.currency] = (collectible + one.collectible_minor, written_off + one.written_off_minor)
    return {code: pair for code, pair in sorted(sums.items()) if pair != (0, 0)}
