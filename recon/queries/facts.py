"""The facts of one account as the rules read them, and what each invoice still owes by both witnesses (T3 to T7)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from recon.engine.case import CaseError, facts_from_readings
from recon.engine.facts import Facts, Reading, StoreName
from recon.engine.rules.identity import family_of, identify
from recon.engine.rules.invoices import Claim, InvoiceBalance, balance_of, claims_of
from recon.engine.rules.payments import payments_of
from recon.queries.account import AccountView
from recon.queries.first_facts import NEWEST, can_shorten, first_tables, is_long
from recon.queries.snapshots import Rows

MOST_OPEN = 60
"""Open invoices that are shown of a long account."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice, whoever knows it, and what it owes."""

    claim: Claim
    balance: InvoiceBalance

    @property
    def is_open(self) -> bool:
        """Whether a person has to look at it: something is owed by either store, written off, or in conflict."""
        balance = self.balance
        owed = balance.ledger_minor or balance.stripe_minor or balance.written_off_minor
        return bool(owed) or balance.conflict is not None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the stores last said of one account, parsed. `unreadable` says where a store holds what no store may hold,
    and then there are no facts.

    `is_short`: of an account with many invoices, what is open and what is newest. `invoices_in_all` counts them all.
    """

    facts: Facts | None
    invoices: tuple[Invoice, ...]
    unreadable: str
    is_long: bool = False
    is_short: bool = False
    invoices_in_all: int = 0


def account_facts(view: AccountView, *, whole: bool) -> AccountFacts:
    """The facts out of what each store last said, also of a store that could not be read this time; with `whole` also
    the many that a long account does not need to be understood."""
    long = is_long(view)
    shorter: dict[str, Mapping[str, Rows]] = {}
    if long and not whole and can_shorten(view):
        shorter[StoreName.BILLING_PROD], shorter[StoreName.STRIPE] = first_tables(view)
    readings = [
        Reading(StoreName(name), store.as_of, shorter.get(name, store.tables), store.as_of is not None, store.reason)
        for name, store in view.stores.items()
    ]
    try:
        facts = facts_from_readings(view.account_id, readings, livemode=settings.STRIPE_LIVEMODE)
    except CaseError as error:
        return AccountFacts(None, (), str(error))
    invoices = _invoices(facts)
    is_short = long and not whole
    shown = _first(invoices) if is_short else invoices
    return AccountFacts(facts, shown, "", long, is_short, _count_invoices(view) if is_short else len(invoices))


def _count_invoices(view: AccountView) -> int:
    """Each once, whether the ledger, Stripe or both know it."""
    ledger = view.stores[StoreName.BILLING_PROD].rows("invoices")
    known = {row.get("stripe_invoice_id") for row in ledger}
    return len(ledger) + sum(row.get("id") not in known for row in view.stores[StoreName.STRIPE].rows("invoices"))


def _first(invoices: tuple[Invoice, ...]) -> tuple[Invoice, ...]:
    is_open = [one for one in invoices if one.is_open]
    return (*is_open[:MOST_OPEN], *invoices[len(is_open) :][:NEWEST])


def _invoices(facts: Facts) -> tuple[Invoice, ...]:
    """The open ones first, and of each the latest due first."""
    identity = identify(facts, family_of(facts))
    claims = claims_of(facts, identity, payments_of(facts, identity))
    invoices = (Invoice(claim, balance_of(claim, facts.contract)) for claim in claims)
    return tuple(sorted(invoices, key=_open_and_late_first))


def _open_and_late_first(invoice: Invoice) -> tuple[bool, float]:
    due_at = invoice.balance.due_at
    return not invoice.is_open, -due_at.timestamp() if due_at else 0.0
