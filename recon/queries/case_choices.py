"""What may be decided on a case, and for each choice what the owner of a store then has to do.

The engine writes no FACT and no INTENT: a choice ends in a sentence to copy, and where it is one row or one object also
in the very SQL or Stripe call, for the owner to run.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from shlex import quote
from typing import Any, Final

from recon.engine.facts import StoreName
from recon.models import CaseKind
from recon.queries.account import AccountView
from recon.queries.case_invoices import LEDGER, STRIPE, invoice_choices
from recon.queries.case_subjects import Subject
from recon.queries.case_words import NOTHING, Told, literal
from recon.queries.facts import AccountFacts

__all__ = ["CaseKind", "Choice", "choices_of", "handed_over"]

CUSTOMERS: Final = StoreName.SUBS_CUSTOMER.value
OF_FACTS: Final = frozenset({CaseKind.LINK, CaseKind.UNLINK, CaseKind.STORE_IS_RIGHT, CaseKind.KEEP_SUBSCRIPTION})
_REF: Final = re.compile(r"([\w.]+)\[(.*?)\]")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that may be decided. `code` is what a form sends, `params` what is kept, `owner` the store whose owner
    acts on `told`; `proposal` ("verb:object") says that our own plan proposes the very thing to Stripe."""

    code: str
    kind: CaseKind
    text: str
    params: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    told: Told = NOTHING
    proposal: str = ""

    @property
    def is_of_facts(self) -> bool:
        return self.kind in OF_FACTS


HAND_OVER: Final = Choice("hand_over", CaseKind.HAND_OVER, "Hand it over to the owner of a store")
ACCEPT: Final = Choice("accept", CaseKind.ACCEPT, "Accept it until a day; until then nobody applies the plan")


def choices_of(view: AccountView, facts: AccountFacts, subject: Subject) -> tuple[Choice, ...]:
    """Those that this very case offers first, then those that every case has."""
    return (*_own(view, facts, subject), HAND_OVER, ACCEPT)


def owner_of(subject: Subject) -> str:
    """The store that a case speaks of first: most likely its owner has to look."""
    stores = [ref.partition(".")[0] for ref in subject.refs]
    known = [store for store in stores if store in set(StoreName)]
    return LEDGER if LEDGER in known else next(iter(known), CUSTOMERS)


def handed_over(account_id: str, subject: Subject, reference: str) -> Told:
    """What the owner of a store is told where nothing more exact can be said."""
    places = f" ({', '.join(subject.refs)})" if subject.refs else ""
    known_as = f" Reference: {reference}." if reference else ""
    return Told(f"Account {account_id}: {subject.text}{places} Please settle it in your store.{known_as}")


def _own(view: AccountView, facts: AccountFacts, subject: Subject) -> Iterator[Choice]:
    match subject.finding:
        case "identity":
            yield from _of_identity(view, subject)
        case "duplicate_subscription":
            yield from _of_subscriptions(view, subject)
        case "fact_conflict":
            for store, text, told, proposal in invoice_choices(view, facts, subject):
                params = {"store": store}
                owner = LEDGER if store == STRIPE else STRIPE
                code = f"store_is_right:{store}"
                yield Choice(code, CaseKind.STORE_IS_RIGHT, text, params, owner, told, proposal)


def _of_identity(view: AccountView, subject: Subject) -> Iterator[Choice]:
    """Each customer that the finding names: linked where it is not, unlinked from each account that names it."""
    for customer in _keys(subject, "stripe.customers"):
        owners = list(_linked(view, customer))
        shown = _customer(view, customer)
        named = ((shown or {}).get("metadata") or {}).get("account_id")
        if not any(account == view.account_id for account, _ in owners):
            yield _link(view, customer)
        elif shown is not None and named not in (None, view.account_id):
            yield _rename(view.account_id, customer, named)
        for account, is_alias in owners:
            yield _unlink(account, customer, is_alias=is_alias)
        if named == view.account_id and not owners:
            yield _disown(view.account_id, customer)


def _linked(view: AccountView, customer: str) -> Iterator[tuple[str, bool]]:
    """(account, by an alias) of each row that links the customer."""
    said = view.stores[CUSTOMERS]
    for table, is_alias in (("customers", False), ("customer_aliases", True)):
        for row in said.rows(table):
            if row.get("stripe_customer_id") == customer:
                yield str(row.get("account_id")), is_alias


def _link(view: AccountView, customer: str) -> Choice:
    account = view.account_id
    own = [row for row in view.stores[CUSTOMERS].rows("customers") if row.get("account_id") == account]
    if own and not own[0].get("stripe_customer_id"):
        call = (
            f"update customers set stripe_customer_id = {literal(customer)} "
            f"where account_id = {literal(account)} and stripe_customer_id is null;"
        )
    else:
        values = f"({literal(customer)}, {literal(account)})"
        call = f"insert into customer_aliases (stripe_customer_id, account_id) values {values};"
    told = Told(f"Stripe customer {customer} belongs to account {account}: please link it in subs_customer.", call)
    return _identity(CaseKind.LINK, customer, account, f"{customer} is {account}'s: link it", CUSTOMERS, told)


def _rename(account: str, customer: str, named: str) -> Choice:
    told = Told(
        f"Stripe customer {customer} belongs to account {account}, and its metadata names {named}: please correct it.",
        f"stripe customers update {quote(customer)} -d {quote(f'metadata[account_id]={account}')}",
    )
    return _identity(CaseKind.LINK, customer, account, f"{customer} is {account}'s, not {named}'s", STRIPE, told)


def _unlink(account: str, customer: str, *, is_alias: bool) -> Choice:
    where = f"account_id = {literal(account)} and stripe_customer_id = {literal(customer)}"
    if is_alias:
        call = f"delete from customer_aliases where {where};"
    else:
        call = f"update customers set stripe_customer_id = null where {where};"
    told = Told(f"Stripe customer {customer} is not account {account}'s: please unlink it in subs_customer.", call)
    return _identity(CaseKind.UNLINK, customer, account, f"{customer} is not {account}'s: unlink it", CUSTOMERS, told)


def _disown(account: str, customer: str) -> Choice:
    told = Told(
        f"Stripe customer {customer} carries the id of account {account} and is not that account's: please clear it.",
        f"stripe customers update {quote(customer)} -d {quote('metadata[account_id]=')}",
    )
    return _identity(CaseKind.UNLINK, customer, account, f"{customer} is not {account}'s: clear its id", STRIPE, told)


def _identity(kind: CaseKind, customer: str, account: str, text: str, owner: str, told: Told) -> Choice:
    params = {"customer": customer, "account": account}
    return Choice(f"{kind.value}:{customer}:{account}", kind, text, params, owner, told)


def _of_subscriptions(view: AccountView, subject: Subject) -> Iterator[Choice]:
    """Any of them may stay; the others are for Stripe's owner to cancel."""
    every = _keys(subject, "stripe.subscriptions")
    for kept in every:
        others = [one for one in every if one != kept]
        told = Told(
            f"Account {view.account_id} keeps subscription {kept}: please cancel {', '.join(others)} in Stripe.",
            "\n".join(f"stripe subscriptions cancel {quote(one)}" for one in others),
        )
        text = f"{kept} stays{_described(view, kept)}, {', '.join(others)} to be cancelled"
        code = f"keep_subscription:{kept}"
        yield Choice(code, CaseKind.KEEP_SUBSCRIPTION, text, {"subscription": kept}, STRIPE, told)


def _described(view: AccountView, subscription: str) -> str:
    rows = view.stores[STRIPE].rows("subscriptions")
    row = next((one for one in rows if one.get("id") == subscription), None)
    return f" ({row['status']})" if row and row.get("status") else ""


def _customer(view: AccountView, customer: str) -> Mapping[str, Any] | None:
    return next((one for one in view.stores[STRIPE].rows("customers") if one.get("id") == customer), None)


def _keys(subject: Subject, table: str) -> list[str]:
    """The rows of a table that the finding names."""
    found = (_REF.match(ref) for ref in subject.refs)
    return [one[2] for one in found if one is not None and one[1] == table]
