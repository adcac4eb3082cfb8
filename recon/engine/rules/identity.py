"""T1: which Stripe customers are this account's, and may we believe it?"""

from collections.abc import Mapping
from dataclasses import dataclass

from recon.engine.enums import StoreName
from recon.engine.facts import Facts, StripeCustomer
from recon.engine.findings import Finding, FindingKind


@dataclass(frozen=True, slots=True)
class Identity:
    """The account with all that was merged into it, and its Stripe customers.

    `linked` are the ids that the account or a merged one names; `deleted` those of them that Stripe shows as deleted,
    `live` those that it shows otherwise. `writable` are the live ones that belong to this account and to no other.
    `contested` are linked customers that an account outside the family names as well.
    """

    family: frozenset[str]
    linked: frozenset[str]
    deleted: frozenset[str]
    live: Mapping[str, StripeCustomer]
    writable: frozenset[str]
    contested: frozenset[str]
    findings: tuple[Finding, ...]


def family_of(facts: Facts) -> frozenset[str]:
    """The account and every account merged into it, through any number of steps (a circle ends)."""
    merged: dict[str, list[str]] = {}
    for customer in facts.customers:
        if customer.merged_into is not None:
            merged.setdefault(customer.merged_into, []).append(customer.account_id)
    family = {facts.account_id}
    waiting = [facts.account_id]
    while waiting:
        for account_id in merged.get(waiting.pop(), ()):
            if account_id not in family:
                family.add(account_id)
                waiting.append(account_id)
    return frozenset(family)


def identify(facts: Facts, family: frozenset[str]) -> Identity:
    """T1 whole: links, and the findings K6 where they are not to be trusted."""
    owners = _owners(facts)
    linked = frozenset(customer for customer, accounts in owners.items() if not accounts.isdisjoint(family))
    contested = frozenset(customer for customer in linked if not owners[customer] <= family)
    merged_away = {row.account_id for row in facts.customers if row.merged_into is not None}
    shown = {customer.id: customer for customer in facts.stripe.customers}
    live = {
        customer: shown[customer] for customer in sorted(linked) if customer in shown and not shown[customer].deleted
    }
    return Identity(
        family=family,
        linked=linked,
        deleted=frozenset(customer for customer in linked if customer in shown and shown[customer].deleted),
        live=live,
        writable=frozenset(customer for customer in live if _is_writable(owners[customer], family, merged_away)),
        contested=contested,
        findings=tuple(_findings(facts, family, owners, linked, shown)),
    )


def _is_writable(owners: set[str], family: frozenset[str], merged_away: set[str]) -> bool:
    return owners <= family and owners.isdisjoint(merged_away)


def _owners(facts: Facts) -> dict[str, set[str]]:
    """Stripe customer → the accounts that name it, as their customer or as an alias."""
    owners: dict[str, set[str]] = {}
    for row in facts.customers:
        if row.stripe_customer_id is not None:
            owners.setdefault(row.stripe_customer_id, set()).add(row.account_id)
    for alias in facts.aliases:
        owners.setdefault(alias.stripe_customer_id, set()).add(alias.account_id)
    return owners


def _findings(
    facts: Facts,
    family: frozenset[str],
    owners: Mapping[str, set[str]],
    linked: frozenset[str],
    shown: Mapping[str, StripeCustomer],
) -> list[Finding]:
    """K6, one finding a doubt."""
    found = [
        _identity(
            f"The account is merged into {row.merged_into}; its state is to be read there.",
            f"subs_customer.customers[{row.account_id}]",
        )
        for row in facts.customers
        if row.account_id == facts.account_id and row.merged_into is not None
    ]
    for customer in sorted(linked):
        found.extend(_doubts_of_link(customer, family, owners[customer], shown.get(customer)))
    for customer in sorted(shown.keys() - linked):
        named = shown[customer].account_id
        if named in family:
            text = f"Stripe customer {customer} carries the account's id {named} and is not linked to it."
            found.append(_identity(text, f"stripe.customers[{customer}]"))
    return found


def _doubts_of_link(
    customer: str, family: frozenset[str], owners: set[str], shown: StripeCustomer | None
) -> list[Finding]:
    place = f"stripe.customers[{customer}]"
    if shown is None:
        return [_identity(f"Stripe does not show the linked customer {customer}.", place)]
    doubts = []
    if shown.account_id is not None and shown.account_id not in family:
        doubts.append(
            _identity(f"The linked Stripe customer {customer} names another account, {shown.account_id}.", place)
        )
    others = sorted(owners - family)
    if others:
        rows = (f"subs_customer.customers[{other}]" for other in others)
        doubts.append(_identity(f"Stripe customer {customer} is linked to {', '.join(others)} too.", place, *rows))
    return doubts


def _identity(text: str, *refs: str) -> Finding:
    return Finding(FindingKind.IDENTITY, text, refs)


def orphaned(facts: Facts) -> list[Finding]:
    """An account without its row in `accounts` or in `customers`: whose it is, a person must say. A store that was not
    read, or whose row is unintelligible, proves no absence."""
    missing = []
    if facts.account is None and _would_show(facts, StoreName.SUBS_ACCOUNT, "accounts"):
        missing.append("subs_account.accounts")
    named = any(row.account_id == facts.account_id for row in facts.customers)
    if not named and _would_show(facts, StoreName.SUBS_CUSTOMER, "customers"):
        missing.append("subs_customer.customers")
    return [_identity(f"The account has no row in {table}.", f"{table}[{facts.account_id}]") for table in missing]


def _would_show(facts: Facts, store: StoreName, table: str) -> bool:
    read = any(read.store is store and read.ok for read in facts.reads)
    row = f"{store}.{table}[{facts.account_id}]"
    return read and not any(problem.place.startswith(row) for problem in facts.problems)
