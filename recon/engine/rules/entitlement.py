"""T13: may the account use its plan now?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from recon.engine.enums import AccountStatus, DebtState, LedgerInvoiceStatus, PauseBehavior
from recon.engine.facts import Facts
from recon.engine.rules.identity import Identity
from recon.engine.rules.intents import Intents
from recon.engine.rules.subscription import SERVED, Subscriptions


@dataclass(frozen=True, slots=True)
class Access:
    """Whether the plan is on, and the sentence that says why."""

    plan_active: bool
    text: str
    evidence: tuple[str, ...]


def paid_through(facts: Facts, identity: Identity) -> datetime | None:
    """The latest period end of an issued ledger invoice, paid or not (the ladder deals with an unpaid one)."""
    ends = (
        invoice.period_end
        for invoice in facts.invoices
        if invoice.account_id in identity.family
        and invoice.status is LedgerInvoiceStatus.ISSUED
        and invoice.period_end is not None
    )
    return max(ends, default=None)


def access_of(
    facts: Facts,
    state: DebtState,
    subscriptions: Subscriptions,
    intents: Intents,
    paid_until: datetime | None,
    now: datetime,
) -> Access:
    """T13, in the order in which a person would ask."""
    account = f"subs_account.accounts[{facts.account_id}]"
    if facts.account is None or facts.account.status is AccountStatus.CLOSED:
        return Access(False, "The account is closed.", (account,))
    if state in (DebtState.DELINQUENT, DebtState.BAD_DEBT):
        return Access(False, f"The account is {state.replace('_', ' ')}.", ())
    if intents.has_comp(now):
        return Access(True, "A comp keeps the plan on.", ())
    if intents.contract_runs(now):
        return Access(True, "The contract is running.", (f"billing_prod.contracts[{facts.account_id}]",))
    primary = subscriptions.primary
    if primary is None:
        return Access(False, "There is no subscription, contract or comp.", ())
    place = f"stripe.subscriptions[{primary.id}]"
    if primary.status not in SERVED:
        return Access(False, f"The primary subscription is {primary.status}.", (place,))
    if primary.pause_behavior is PauseBehavior.VOID and paid_until is not None and paid_until <= now:
        return Access(False, "Collection is paused and what was paid for has ended.", (place,))
    return Access(True, f"The primary subscription is {primary.status}.", (place,))


def moments(subscriptions: Subscriptions, paid_until: datetime | None) -> Iterable[datetime]:
    """T17: the end of what was paid for, where a pause waits for it."""
    primary = subscriptions.primary
    if primary is not None and primary.pause_behavior is PauseBehavior.VOID and paid_until is not None:
        yield paid_until
