"""What each invoice of an account still owes by the ledger and by Stripe, as the rules reckon it (T3 to T7)."""

from collections.abc import Mapping

from recon.engine.case import CaseError, read_case
from recon.engine.facts import Facts
from recon.engine.rules.identity import family_of, identify
from recon.engine.rules.invoices import InvoiceBalance, balance_of, claims_of
from recon.engine.rules.payments import payments_of
from recon.queries.account import AccountView


def invoice_balances(view: AccountView) -> Mapping[str, InvoiceBalance]:
    """By Stripe's invoice id where Stripe knows the invoice, else by the ledger's; empty when what the stores said
    cannot be read."""
    stores = {name.value: said.tables for name, said in view.stores.items()}
    case = {"account_id": view.account_id, "now": view.evaluated_at.isoformat(), "livemode": False, "stores": stores}
    try:
        facts = read_case(case).facts
    except CaseError:
        return {}
    return _balances(facts)


def _balances(facts: Facts) -> dict[str, InvoiceBalance]:
    identity = identify(facts, family_of(facts))
    claims = claims_of(facts, identity, payments_of(facts, identity))
    return {
        claim.stripe.id if claim.stripe else claim.ledger.invoice_id: balance_of(claim, facts.contract)
        for claim in claims
        if claim.stripe or claim.ledger
    }
