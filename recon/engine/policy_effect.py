"""What another policy would make of an account: the same rules, the same facts, the same moment, other numbers."""

from dataclasses import dataclass
from datetime import datetime

from recon.engine.assessment import assess, judge, with_policy
from recon.engine.enums import Segment
from recon.engine.facts import Facts
from recon.engine.plan import Risk, risk_between
from recon.engine.policy import Policy, Rungs
from recon.engine.rules.identity import family_of, identify, orphaned
from recon.engine.rules.reading import unreadable
from recon.engine.rules.subscription import FREE
from recon.engine.truth import Truth


@dataclass(frozen=True, slots=True)
class Effect:
    """An account's truth under the policy that governs, and under the other one."""

    before: Truth
    after: Truth

    @property
    def is_change(self) -> bool:
        return self.before != self.after

    @property
    def risk(self) -> Risk | None:
        """Severe where the other policy takes something from the account or accuses it, as a plan's risk is."""
        return risk_between(self.before, self.after)


def effect_of(facts: Facts, old: Policy, new: Policy, now: datetime) -> Effect | None:
    """None where the verdict is unknown. How old the readings are is not asked: nothing is to be written by this."""
    family = family_of(facts)
    if facts.account is None or unreadable(facts, family) or orphaned(facts):
        return None
    assessment = assess(facts, facts.account, identify(facts, family), old)
    return Effect(judge(assessment, now).truth, judge(with_policy(assessment, new), now).truth)


def is_nowhere_stricter(new: Policy, old: Policy) -> bool:
    """Whether `new` can make no account's truth more severe, whatever its facts, now or later.

    No rung comes earlier, no dust is smaller, no payment in flight counts for less long, and no price is newly free, or
    left to what Stripe says of it.
    """
    ladders = (Segment.SELF_SERVE, Segment.CONTRACT)
    currencies = {*old.dust_by_currency, *new.dust_by_currency}
    return (
        all(_comes_no_earlier(new.rungs(segment), old.rungs(segment)) for segment in ladders)
        and new.dust_minor >= old.dust_minor
        and all(new.dust(currency) >= old.dust(currency) for currency in currencies)
        and new.in_flight_max >= old.in_flight_max
        and old.plans.keys() <= new.plans.keys()
        and all(code != FREE or old.plans.get(price) == FREE for price, code in new.plans.items())
    )


def _comes_no_earlier(new: Rungs, old: Rungs) -> bool:
    return all(getattr(new, name) >= getattr(old, name) for name in Rungs.__slots__)
