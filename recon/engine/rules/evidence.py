"""T14: has this account ever paid, and can it be charged again?"""

from collections.abc import Mapping
from dataclasses import dataclass

from recon.engine.facts import Adjustment, Facts
from recon.engine.rules.identity import Identity
from recon.engine.rules.invoices import Claim
from recon.engine.rules.payments import Payment, Payments, net_reversal
from recon.engine.rules.subscription import Subscriptions


def successful_payment(facts: Facts, payments: Payments, claims: tuple[Claim, ...]) -> str | None:
    """The first settled payment of which something is left after reversals and lost disputes, as its evidence; None
    where there is none. A voluntary refund takes nothing away."""
    book = _Reversals.of(facts, claims)
    ours = {payment.key for claim in claims for payment in claim.payments}
    for payment in payments.all:
        if payment.is_ours or payment.key in ours:
            for sighting in sorted(payment.settled, key=lambda one: (-one.amount, one.ref)):
                if not book.has_spent(payment, sighting.currency) and sighting.amount > book.taken_back(
                    payment, sighting.currency
                ):
                    return sighting.ref
    return None


@dataclass(frozen=True, slots=True)
class _Reversals:
    """What was taken back of payments: by the payment where a reversal names one, else by the invoice.

    `by_payment` holds the adjustments that name a ledger payment, `by_invoice` each invoice's net reversal, and `spent`
    the (invoice, currency) pairs of which reversals left nothing.
    """

    by_payment: Mapping[str, list[Adjustment]]
    by_invoice: Mapping[str, int]
    spent: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, facts: Facts, claims: tuple[Claim, ...]) -> "_Reversals":
        named: dict[str, list[Adjustment]] = {}
        for one in facts.adjustments:
            if one.payment_id is not None:
                named.setdefault(one.payment_id, []).append(one)
        net = {name: claim.net_reversal_minor for claim in claims for name in claim.ids}
        book = cls(named, net, frozenset())
        spent = ((name, claim.currency) for claim in claims if book._leaves_nothing(claim) for name in claim.ids)
        return cls(named, net, frozenset(spent))

    def taken_back(self, payment: Payment, currency: str) -> int:
        """The larger of the net reversals and the lost disputes of one payment."""
        lost = sum(dispute.amount for dispute in payment.lost if dispute.currency == currency)
        return max(self._reversed(payment, currency), lost)

    def has_spent(self, payment: Payment, currency: str) -> bool:
        """Whether reversals left nothing of any invoice that it pays."""
        pays = {(invoice, currency) for invoice in payment.invoices}
        return bool(pays) and pays <= self.spent

    def _reversed(self, payment: Payment, currency: str) -> int:
        """Reversals that name the payment; what was undone of their invoice, naming none, is undone of them too."""
        named: dict[str, list[Adjustment]] = {}
        for ledger_id in payment.ledger_ids:
            for one in self.by_payment.get(ledger_id, ()):
                if one.currency == currency:
                    named.setdefault(one.invoice_id, []).append(one)
        nets = ((net_reversal(group), self.by_invoice.get(invoice)) for invoice, group in named.items())
        return sum(net if of_invoice is None else min(net, of_invoice) for net, of_invoice in nets)

    def _leaves_nothing(self, claim: Claim) -> bool:
        """Reversals that name no payment may leave nothing of all that paid the invoice together. A dispute over a
        payment that is split has no invoice of its own: `taken_back` sees it whole."""
        if not claim.adjustments and not any(payment.lost for payment in claim.payments):
            return False
        unnamed = net_reversal(one for one in claim.adjustments if one.payment_id is None)
        named = sum(
            min(payment.settled_minor(claim.currency, claim.ids), self._reversed(payment, claim.currency))
            for payment in claim.payments
        )
        lost = sum(
            min(payment.settled_minor(claim.currency, claim.ids), payment.lost_minor(claim.currency, claim.ids))
            for payment in claim.payments
            if payment.invoices <= claim.ids
        )
        taken = max(min(unnamed + named, claim.net_reversal_minor), lost)
        return taken > 0 and claim.settled_minor <= taken


def has_payment_method(identity: Identity, subscriptions: Subscriptions) -> str | None:
    """The first linked, undeleted customer or the primary subscription with a default method or source."""
    for customer in identity.live.values():
        if customer.has_payment_method:
            return f"stripe.customers[{customer.id}]"
    primary = subscriptions.primary
    if primary is not None and primary.has_payment_method:
        return f"stripe.subscriptions[{primary.id}]"
    return None
