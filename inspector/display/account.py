"""The account page, put together: everything that its template shows, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inspector.access import Permission
from inspector.access import Person as Reader
from inspector.display.address import Address
from inspector.display.cases import NO_CASE, CasesView, Reading, TypedCase, cases_view
from inspector.display.facts import FactsView, anchors_of, facts_view
from inspector.display.follows import Follows, follows
from inspector.display.matrix import Matrix, matrix
from inspector.display.places import Places, Ref, stripe_ref
from inspector.display.plan import PlanView, plan_view
from inspector.display.relapsed import Relapsed, relapsed
from inspector.display.verdict import Verdict, verdict
from recon.actions.foresee import ForeseenEvent
from recon.queries.account import AccountView
from recon.queries.facts import AccountFacts


@dataclass(frozen=True, slots=True)
class Person:
    """Who the account belongs to, as subs_customer says it."""

    name: str
    email: str
    stripe_customers: tuple[Ref, ...]
    merged_into: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The whole page. `permission` says whether the reader may apply the plan."""

    account_id: str
    again_href: str
    person: Person
    verdict: Verdict
    matrix: Matrix
    facts: FactsView
    plan: PlanView
    follows: Follows
    permission: Permission
    cases: CasesView
    relapsed: Relapsed | None


def account_page(
    view: AccountView,
    facts: AccountFacts,
    foreseen: Sequence[ForeseenEvent],
    *,
    permission: Permission,
    reader: Reader,
    decided: TypedCase = NO_CASE,
    address: Address,
    now: datetime,
) -> AccountPage:
    """The page of one account for one reader, as its address wants it; `decided` stands in the form on a case
    already, and `now` words the ages alone."""
    known = facts_view(facts, view, address, now)
    places = Places(anchors_of(known), address.href(all_facts=True) if facts.is_short else "")
    return AccountPage(
        account_id=view.account_id,
        again_href=address.again(),
        person=_person(view),
        verdict=verdict(view, now),
        matrix=matrix(view, places, address, now),
        facts=known,
        plan=plan_view(view, reader.get_username()),
        follows=follows(view, foreseen),
        permission=permission,
        cases=cases_view(Reading(view, facts, places, reader, decided, now)),
        relapsed=relapsed(view, now),
    )


def _person(view: AccountView) -> Person:
    said = view.stores["subs_customer"]
    own = next((row for row in said.rows("customers") if row.get("account_id") == view.account_id), {})
    linked = [own.get("stripe_customer_id")]
    linked += [
        row.get("stripe_customer_id")
        for row in said.rows("customer_aliases")
        if row.get("account_id") == view.account_id
    ]
    return Person(
        name=own.get("name") or "No name",
        email=own.get("email") or "no email",
        stripe_customers=tuple(stripe_ref(customer) for customer in dict.fromkeys(linked) if customer),
        merged_into=own.get("merged_into") or "",
    )
