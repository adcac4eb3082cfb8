"""T14: has this account ever paid, and can it be charged again?"""

from collections.abc import Mapping

from recon.engine.facts import Adjustment, Facts
from recon.engine.rules.identity import Identity
from recon.engine.rules.invoices import Claim
from recon.engine.rules.payments import Payment, Payments, net_reversal
from recon.engine.rules.subscription import Subscriptions


def successful_payment(facts: Facts, payments: Payments, claims: tuple[Claim, ...]) -> str | None:
    """The first settled payment of which something is left after reversals and lost disputes, as its evidence; None
    where there is none. A voluntary refund takes nothing away."""
    reversals = _by_payment(facts)
    spent = frozenset(name for claim in claims if _is_spent(claim, reversals) for name in claim.ids)
    ours = {payment.key for claim in claims for payment in claim.payments}
    for payment in payments.all:
        counts = payment.is_ours or payment.key in ours
        pays_spent = bool(payment.invoices) and payment.invoices <= spent
        if counts and not pays_spent and (ref := _what_is_left(payment, reversals)) is not None:
            return ref
    return None


def _by_payment(facts: Facts) -> Mapping[str, list[Adjustment]]:
    """Ledger payment id → the adjustments that name it."""
    named: dict[str, list[Adjustment]] = {}
    for one in facts.adjustments:
        if one.payment_id is not None:
            named.setdefault(one.payment_id, []).append(one)
    return named


def _what_is_left(payment: Payment, reversals: Mapping[str, list[Adjustment]]) -> str | None:
    """The evidence of a payment that held, in any currency; None where nothing is left of it."""
    for sighting in sorted(payment.settled, key=lambda one: (-one.amount, one.ref)):
        if sighting.amount > _taken_back(payment, sighting.currency, reversals):
            return sighting.ref
    return None


def _taken_back(payment: Payment, currency: str, reversals: Mapping[str, list[Adjustment]]) -> int:
    """The larger of the reversals and the lost disputes of one payment, in one currency."""
    named = [one for ledger_id in payment.ledger_ids for one in reversals.get(ledger_id, ())]
    lost = sum(dispute.amount for dispute in payment.lost if dispute.currency == currency)
    return max(net_reversal(one for one in named if one.currency == currency), lost)


def _is_spent(claim: Claim, reversals: Mapping[str, list[Adjustment]]) -> bool:
    """Reversals that name no payment are the invoice's: they may leave nothing of all that paid it."""
    unnamed = net_reversal(one for one in claim.adjustments if one.payment_id is None)
    named = sum(
        min(payment.settled_minor(claim.currency, claim.ids), _taken_back(payment, claim.currency, reversals))
        for payment in claim.payments
    )
    taken = unnamed + named
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
