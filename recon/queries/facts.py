"""The facts of one account as the rules read them, and what each invoice still owes by both witnesses (T3 to T7)."""

from dataclasses import dataclass

from recon.engine.case import CaseError, read_case
from recon.engine.facts import Facts
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
    stores = {name.value: said.tables for name, said in view.stores.items() if view.reads.get(name, {}).get("ok")}
    case = {"account_id": view.account_id, "now": view.evaluated_at.isoformat(), "livemode": False, "stores": stores}
    try:
        facts = read_case(case).facts
    except CaseError as error:
        return AccountFacts(None, (), str(error))
    return AccountFacts(facts, _invoices(facts), "")


def _invoices(facts: Facts) -> tuple[Invoice, ...]:
    identity = identify(facts, family_of(facts))
    claims = claims_of(facts, identity, payments_of(facts, identity))
    return tuple(Invoice(claim, balance_of(claim, facts.contract)) for claim in claims)
