"""T11: which subscription speaks for the account; T12: which plan its price stands for."""

from dataclasses import dataclass
from datetime import datetime

from recon.engine.enums import SubscriptionStatus as Status
from recon.engine.facts import Facts, Price, Subscription
from recon.engine.findings import Finding, FindingKind
from recon.engine.policy import Policy
from recon.engine.rules.identity import Identity
from recon.engine.rules.intents import Intents

FREE = "free"

LIVE = frozenset({Status.TRIALING, Status.ACTIVE, Status.PAST_DUE, Status.UNPAID, Status.PAUSED})
"""T9: a subscription that has not ended."""

SERVED = frozenset({Status.TRIALING, Status.ACTIVE, Status.PAST_DUE})
"""T13: a subscription that gives its plan."""

_PREFERENCE = (Status.ACTIVE, Status.TRIALING, Status.PAST_DUE, Status.UNPAID, Status.PAUSED, Status.INCOMPLETE)


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """The subscriptions of the linked, undeleted Stripe customers; `live` are those that have not ended."""

    all: tuple[Subscription, ...]
    live: tuple[Subscription, ...]
    primary: Subscription | None
    findings: tuple[Finding, ...]


def subscriptions_of(facts: Facts, identity: Identity) -> Subscriptions:
    """T11, with K7 where two of one currency are served at once."""
    ours = tuple(
        sorted(
            (one for one in facts.stripe.subscriptions if one.customer in identity.linked - identity.deleted),
            key=lambda one: one.id,
        )
    )
    candidates = [one for one in ours if one.status in _PREFERENCE]
    primary = min(candidates, key=_precedence, default=None)
    live = tuple(one for one in ours if one.status in LIVE)
    return Subscriptions(ours, live, primary, tuple(_duplicates(ours)))


def _precedence(one: Subscription) -> tuple[int, float, str]:
    return (_PREFERENCE.index(one.status), -one.created.timestamp(), one.id)


def _duplicates(ours: tuple[Subscription, ...]) -> list[Finding]:
    by_currency: dict[str, list[Subscription]] = {}
    for one in ours:
        if one.status in SERVED:
            for currency in _currencies(one):
                by_currency.setdefault(currency, []).append(one)
    return [
        Finding(
            FindingKind.DUPLICATE_SUBSCRIPTION,
            f"{len(several)} subscriptions in {currency.upper()} are served at once.",
            tuple(f"stripe.subscriptions[{one.id}]" for one in several),
        )
        for currency, several in sorted(by_currency.items())
        if len(several) > 1
    ]


def _currencies(one: Subscription) -> set[str]:
    if one.currency is not None:
        return {one.currency}
    return {price.currency for price in one.prices if price.currency is not None}


@dataclass(frozen=True, slots=True)
class Plan:
    """T12's answer: the plan (None where no price is mapped to one), why, and the finding K8 where it is None."""

    code: str | None
    text: str
    evidence: tuple[str, ...]
    finding: Finding | None = None


def plan_of(subscriptions: Subscriptions, intents: Intents, policy: Policy, now: datetime) -> Plan:
    """T12: a running comp's plan, else a running contract's, else the primary subscription's price, else free."""
    comp = intents.comp(now)
    if comp is not None:
        return Plan(comp.plan_code, "A comp gives the plan.", (f"subs_dunning.intents[{comp.intent_id}]",))
    contract = intents.contract
    if contract is not None and contract.plan_code and intents.contract_runs(now):
        return Plan(
            contract.plan_code, "The contract names the plan.", (f"billing_prod.contracts[{contract.account_id}]",)
        )
    primary = subscriptions.primary
    if primary is None:
        return Plan(FREE, "There is no subscription, contract or comp.", ())
    return _priced(primary, policy)


def _priced(primary: Subscription, policy: Policy) -> Plan:
    """The one plan on which the mappable prices agree; never `free` for a price that nobody mapped."""
    place = f"stripe.subscriptions[{primary.id}]"
    plans = {code for price in primary.prices if (code := _code(price, policy)) is not None}
    if len(plans) == 1:
        return Plan(plans.pop(), "The primary subscription's price stands for the plan.", (place,))
    prices = ", ".join(sorted({price.id for price in primary.prices})) or "no price"
    doubt = "stand for different plans" if plans else "are mapped to no plan"
    text = f"The prices of the primary subscription ({prices}) {doubt}."
    return Plan(None, text, (place,), Finding(FindingKind.UNKNOWN, text, (place,)))


def _code(price: Price, policy: Policy) -> str | None:
    return policy.plans.get(price.id) or price.plan_code or price.lookup_key
