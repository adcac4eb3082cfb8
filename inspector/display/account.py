"""The account page, put together: everything that its template shows, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inspector.access import Permission
from inspector.display.facts import FactsView, facts_view
from inspector.display.matrix import Matrix, matrix
from inspector.display.moments import age_words, moment_words
from inspector.display.plan import PlanView, plan_view
from inspector.display.verdict import FindingLine, Verdict, findings, verdict
from recon.queries.account import AccountView
from recon.queries.audit import AuditLine
from recon.queries.facts import AccountFacts


@dataclass(frozen=True, slots=True)
class Person:
    """Who the account belongs to, as subs_customer says it."""

    name: str
    email: str
    stripe_customers: str


@dataclass(frozen=True, slots=True)
class DoneLine:
    """One audit entry in words."""

    seq: int
    at: str
    ago: str
    actor: str
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The whole page. `permission` says whether the reader may apply the plan."""

    account_id: str
    person: Person
    verdict: Verdict
    matrix: Matrix
    only_differences: bool
    facts: FactsView
    plan: PlanView
    permission: Permission
    findings: tuple[FindingLine, ...]
    done: tuple[DoneLine, ...]


def account_page(
    view: AccountView,
    facts: AccountFacts,
    entries: Sequence[AuditLine],
    *,
    permission: Permission,
    username: str,
    only_differences: bool,
    now: datetime,
) -> AccountPage:
    """The page of one account for one reader; `now` words the ages alone."""
    return AccountPage(
        account_id=view.account_id,
        person=_person(view),
        verdict=verdict(view, now),
        matrix=matrix(view, now, only_differences=only_differences),
        only_differences=only_differences,
        facts=facts_view(facts, (view.truth or {}).get("primary_subscription_id")),
        plan=plan_view(view, username),
        permission=permission,
        findings=findings(view),
        done=tuple(_done(entry, now) for entry in entries),
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
        stripe_customers=", ".join(filter(None, linked)) or "no Stripe customer",
    )


def _done(entry: AuditLine, now: datetime) -> DoneLine:
    return DoneLine(
        seq=entry.seq,
        at=moment_words(entry.at),
        ago=age_words(entry.at, now),
        actor=entry.actor,
        action=entry.action,
        reason=entry.reason,
    )
