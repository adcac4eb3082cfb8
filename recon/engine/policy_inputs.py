"""Which parts of the policy one account's truth depends on, and which parts two policies differ in.

Where the two do not meet, the other policy gives the same truth of the same facts, now and at any later moment: a
change need not be tried out there. Said of what the rules may ever ask and not of what they ask today: an invoice that
is not due yet will climb the ladder.
"""

from collections.abc import Iterable
from typing import Final

from recon.engine.assessment import Assessment
from recon.engine.enums import Segment
from recon.engine.policy import Policy
from recon.engine.rules.invoices import InvoiceBalance

ANY: Final = "any"
"""Stands for every part: what a truth that nobody knows may depend on."""
IN_FLIGHT: Final = "in_flight"
DUST: Final = "dust"
"""The dust of currencies that have none of their own."""


def policy_inputs(assessment: Assessment) -> frozenset[str]:
    """`ladder:self_serve`, `dust`, `dust:usd`, `in_flight`, `plan:price_pro`: all that its truth can ever depend on.

    Freshness is none of them: it decides whether a truth may be written, never what it is.
    """
    return frozenset((*_of_debt(assessment), *_of_plan(assessment)))


def changed_inputs(old: Policy, new: Policy) -> frozenset[str]:
    """The parts, named as above, in which two policies differ."""
    return frozenset((*_ladders(old, new), *_dust(old, new), *_in_flight(old, new), *_plans(old, new)))


def _of_debt(assessment: Assessment) -> Iterable[str]:
    """What is owed, due or not, and what was written off and never recovered."""
    for balance in assessment.balances:
        if balance.collectible_minor > 0 or balance.written_off_minor > 0:
            yield from (DUST, f"{DUST}:{balance.currency}")
        if balance.collectible_minor > 0:
            yield f"ladder:{_ladder(assessment.intents.segment)}"
            yield from _of_flights(balance)


def _of_flights(balance: InvoiceBalance) -> Iterable[str]:
    if balance.in_flight:
        yield IN_FLIGHT


def _of_plan(assessment: Assessment) -> Iterable[str]:
    """The prices of the primary subscription, also where a comp or a contract names the plan today: both may end."""
    primary = assessment.subscriptions.primary
    return () if primary is None else (f"plan:{price.id}" for price in primary.prices)


def _ladder(segment: Segment) -> Segment:
    """Internal accounts climb the self-serve one for their raw state, as `Policy.rungs` has it."""
    return Segment.CONTRACT if segment is Segment.CONTRACT else Segment.SELF_SERVE


def _ladders(old: Policy, new: Policy) -> Iterable[str]:
    ladders = (Segment.SELF_SERVE, Segment.CONTRACT)
    return (f"ladder:{segment}" for segment in ladders if old.rungs(segment) != new.rungs(segment))


def _dust(old: Policy, new: Policy) -> Iterable[str]:
    """A change of the default is named once, for currencies are without number; whoever owes in a currency that has its
    own dust is then tried out in vain."""
    if old.dust_minor != new.dust_minor:
        yield DUST
    for currency in {*old.dust_by_currency, *new.dust_by_currency}:
        if old.dust(currency) != new.dust(currency):
            yield f"{DUST}:{currency}"


def _in_flight(old: Policy, new: Policy) -> Iterable[str]:
    return (IN_FLIGHT,) if old.in_flight_max != new.in_flight_max else ()


def _plans(old: Policy, new: Policy) -> Iterable[str]:
    prices = {*old.plans, *new.plans}
    return (f"plan:{price}" for price in prices if old.plans.get(price) != new.plans.get(price))
