"""The facts of one account as the rules read them, and what each invoice still owes by both witnesses (T3 to T7)."""

from dataclasses import dataclass

from django.conf import settings

from recon.engine.case import CaseError, facts_from_readings
from recon.engine.facts import Facts, Reading, StoreName
from recon.engine.rules.identity import family_of, identify
from recon.engine.rules.invoices import Claim, InvoiceBalance, balance_of, claims_of
from recon.engine.rules.payments import payments_of
from recon.queries.account import AccountView


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice, whoever knows it, and what it owes."""

    claim: Claim
    balance: InvoiceBalance


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the stores said of one account, parsed; `unreadable` says where a store holds what no store may hold, and
    then there are no facts."""

    facts: Facts | None
    invoices: tuple[Invoice, ...]
    unreadable: str


def account_facts(view: AccountView) -> AccountFacts:
    """The facts out of what each store last said, also of a store that could not be read this time."""
    readings = [
        Reading(StoreName(name), store.as_of, store.tables, store.as_of is not None, store.reason)
        for name, store in view.stores.items()
    ]
    try:
        facts = facts_from_readings(view.account_id, readings, livemode=settings.STRIPE_LIVEMODE)
    except CaseError as error:
        return AccountFacts(None, (), str(error))
    return AccountFacts(facts, _invoices(facts), "")


def _invoices(facts: Facts) -> tuple[Invoice, ...]:
    identity = identify(facts, family_of(facts))
    claims = claims_of(facts, identity, payments_of(facts, identity))
    return tuple(Invoice(claim, balance_of(claim, facts.contract)) for claim in claims)
