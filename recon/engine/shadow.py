"""What others write beside what the engine would have written: two looks at an account, one after the other.

The places are the DERIVED columns of the five databases that each account has once; balances, and what Stripe keeps,
are left out. A look tells what is true there, and what is stored where that differs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from recon.engine.drift import DriftClass
from recon.engine.measures import COLUMNS, Measure

TRUE: Final[Mapping[str, str]] = {
    "subs_dunning.dunning.state": "state",
    "subs_dunning.dunning.raw_state": "raw_state",
    "subs_dunning.dunning.has_debt": "has_debt",
    "subs_dunning.dunning.is_bad_debt": "is_bad_debt",
    "subs_dunning.dunning.oldest_due_at": "oldest_due_at",
    "cf_prod.entitlements.plan_active": "plan_active",
    "cf_prod.entitlements.effective_plan": "effective_plan",
    "cf_prod.entitlements.restricted": "restricted",
    "cf_prod.entitlements.suspended": "suspended",
    "cf_prod.blocks.level": "billing_block",
    "billing_prod.account_flags.has_debt": "has_debt",
    "billing_prod.account_flags.in_bad_debt": "is_bad_debt",
    "subs_account.accounts.plan_code": "plan_code",
    "subs_account.accounts.primary_subscription_id": "primary_subscription_id",
    "subs_account.accounts.payment_status": "payment_status",
    "subs_customer.customers.has_payment_method": "has_payment_method",
    "subs_customer.customers.delinquent": "delinquent",
    "subs_customer.customers.has_no_successful_payment": "has_no_successful_payment",
}
"""Place → the field of the truth that it ought to hold."""
NOBODY_KNOWS: Final = frozenset({"effective_plan", "plan_code"})  # where null: nothing is stored of what would be true


class Shadow(StrEnum):
    """How a write of somebody else stands to the engine, or its absence; and how a disagreement ended."""

    AGREED = "agreed"  # it is what the truth says, or what the plan before it would have written
    DISAGREED = "disagreed"  # the engine would have written something else
    OLD_ONLY = "old_only"  # the engine had nothing to write, and what was written is not true
    ENGINE_ONLY = "engine_only"  # the engine had something to write, and for a day nobody wrote anything
    CAME_ROUND = "came_round"  # then somebody wrote what is true
    REPAIRED = "repaired"  # then a repair did
    TRUTH_MOVED = "truth_moved"  # then the facts said what had been written: it was right, or early


WRITES: Final = (Shadow.AGREED, Shadow.DISAGREED, Shadow.OLD_ONLY)
ENDS: Final = (Shadow.CAME_ROUND, Shadow.REPAIRED, Shadow.TRUTH_MOVED)


@dataclass(frozen=True, slots=True)
class Look:
    """An outcome whose verdict was known: its truth as JSON, and place → what is stored there, where that differs."""

    truth: Mapping[str, Any]
    differs: Mapping[str, Any]

    @classmethod
    def of(cls, truth: Mapping[str, Any], cells: Sequence[Mapping[str, Any]]) -> "Look":
        placed = {f"{one['store']}.{one['table']}.{one['column']}": one["stored"] for one in cells}
        return cls(truth, {place: stored for place, stored in placed.items() if place in TRUE})

    def true(self, place: str) -> Any:
        return self.truth[TRUE[place]]

    def stored(self, place: str) -> Any:
        return self.differs[place] if place in self.differs else self.true(place)

    def knows(self, place: str) -> bool:
        return self.true(place) is not None or TRUE[place] not in NOBODY_KNOWS


def changed_places(before: Look, after: Look) -> Iterator[str]:
    """Where something else is stored than before."""
    for place in TRUE:
        if before.knows(place) and after.knows(place) and before.stored(place) != after.stored(place):
            yield place


def judge(before: Look, after: Look, place: str) -> Shadow:
    """What somebody else wrote there between the two."""
    if place not in after.differs:
        return Shadow.AGREED
    if place in before.differs:
        return Shadow.AGREED if after.stored(place) == before.true(place) else Shadow.DISAGREED
    return Shadow.OLD_ONLY if after.true(place) == before.true(place) else Shadow.DISAGREED


def classes_of(place: str) -> tuple[str, ...]:
    """The classes of drift that count by this place; none where it is of no class."""
    column = place.rpartition(".")[2]
    return tuple(one.value for one in DriftClass if column in COLUMNS[Measure(one.value)])
