"""What else goes wrong while a plan is applied, and how it has to end when nobody is killed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from recon.apply.steps import Step
from recon.engine.facts import StoreName
from tests.chaos.world import Subject, World

Hook = Callable[[World, Subject], None]


class End(StrEnum):
    """How a run ends that nobody kills, once everything can be reached again."""

    APPLIED = "applied"
    NOTHING = "nothing"  # aborted, or never begun
    PERSON = "person"  # someone else had a hand in it: an exception that names the place


@dataclass(frozen=True, slots=True)
class Scenario:
    """`hooks` happen in the coordinator's process at the first such step; `faults` in Stripe: (kind, path, times)."""

    name: str
    end: End
    with_proposal: bool = False
    approved_before: bool = False  # by somebody who left; whoever finds the approval carries it out
    kind: str = "acc"
    hooks: Mapping[Step, Hook] = field(default_factory=dict)
    faults: Callable[[Subject], list[tuple[str, str, int]]] = lambda subject: []
    may_need_person: bool = False
    others: int = 0  # accounts that nothing happens to, applied by the same coordinator at once
    passes: bool = False  # what stood in the way is gone when a successor asks again: then it may be applied


def _stale(store: str, table: str) -> Mapping[Step, Hook]:
    return {Step.RECOMPUTED: lambda world, subject: world.touch_from_outside(store, table, subject)}


def _pay_meanwhile(world: World, subject: Subject) -> None:
    world.change_in_stripe("invoice", subject.invoice, status="paid", amount_remaining=0)


def _delete_meanwhile(world: World, subject: Subject) -> None:
    world.replace_in_stripe("customer", {"id": subject.customer, "object": "customer", "deleted": True})


def _on_void(kind: str, times: int) -> Callable[[Subject], list[tuple[str, str, int]]]:
    return lambda subject: [(kind, f"/v1/invoices/{subject.invoice}/void", times)]


def _on_customer(kind: str, times: int) -> Callable[[Subject], list[tuple[str, str, int]]]:
    return lambda subject: [(kind, f"/v1/customers/{subject.customer}", times)]


ROWS = {
    "subs_dunning": "dunning",
    "cf_prod": "entitlements",
    "billing_prod": "account_flags",
    "subs_account": "accounts",
    "subs_customer": "customers",
}
PASSING = ("timeout_before", "timeout_after", "500_before", "500_after", "429", "409", "reset_after", "html_502")

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("databases and metadata", End.APPLIED),
    Scenario("with a Stripe proposal", End.APPLIED, with_proposal=True),
    *(Scenario(f"stale row in {store}", End.NOTHING, hooks=_stale(store, table)) for store, table in ROWS.items()),
    Scenario(
        "stale row beside a proposal", End.NOTHING, with_proposal=True, hooks=_stale("subs_customer", "customers")
    ),
    Scenario("among others", End.APPLIED, others=2),
    Scenario("stale row among others", End.NOTHING, hooks=_stale("cf_prod", "entitlements"), others=2),
    Scenario("constraint refuses at prepare, among others", End.NOTHING, kind="refused-at-prepare", others=2),
    Scenario("approved before", End.APPLIED, approved_before=True),
    Scenario("approved before, with a Stripe proposal", End.APPLIED, with_proposal=True, approved_before=True),
    Scenario(
        "approved before, stale row",
        End.NOTHING,
        approved_before=True,
        hooks=_stale("subs_dunning", "dunning"),
        passes=True,  # killed before the outsider comes, it is carried out by the next one
    ),
    Scenario("constraint refuses at once", End.NOTHING, with_proposal=True, kind="refused-at-once"),
    Scenario("constraint refuses at prepare", End.NOTHING, with_proposal=True, kind="refused-at-prepare"),
    Scenario("Stripe refuses the proposal", End.NOTHING, with_proposal=True, hooks={Step.RECOMPUTED: _pay_meanwhile}),
    *(
        Scenario(f"proposal meets {kind}", End.APPLIED, with_proposal=True, faults=_on_void(kind, 1))
        for kind in PASSING
    ),
    Scenario("proposal meets silence", End.APPLIED, with_proposal=True, faults=_on_void("timeout_before", 99)),
    Scenario("proposal is in progress", End.APPLIED, with_proposal=True, faults=_on_void("hold", 1)),
    Scenario("proposal meets 401", End.NOTHING, with_proposal=True, faults=_on_void("401", 1), passes=True),
    *(
        Scenario(f"metadata meets {kind}", End.APPLIED, faults=_on_customer(kind, 1), hooks={})
        for kind in ("500_after", "429", "reset_before")
    ),
    Scenario(
        "Stripe goes down after the decision",
        End.APPLIED,
        hooks={Step.COMMIT_DECIDED: lambda world, subject: world.take_stripe_down()},
    ),
    Scenario(
        "the customer is deleted in Stripe meanwhile",
        End.PERSON,
        hooks={Step.COMMIT_DECIDED: _delete_meanwhile},
        may_need_person=True,
    ),
    Scenario(
        "a branch is rolled back by hand after the decision",
        End.PERSON,
        hooks={Step.COMMIT_DECIDED: lambda world, subject: world.roll_back_from_outside(StoreName.CF_PROD)},
        may_need_person=True,
    ),
)
BESIDE = Scenario("beside", End.APPLIED)
"""What is asked of the others: they end as if they were alone."""
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
