"""Every kind of event, at the moment it is meant for: what was, what is, who caused it, and the audit's entry."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recon.actions.decide_case import CaseAsked, decide_case
from recon.actions.recompute import recompute_account
from recon.apply.coordinator import Coordinator
from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.models import AccountState, AuditEntry, EventKind, OutboxEvent, Trigger
from recon.queries.case_subjects import subjects_of
from recon.stores.base import Store
from recon.stores.cf_prod import CfProd
from tests.apply.conftest import SetClock
from tests.support import applying
from tests.support.twin import TwinUnderTest

Six = Mapping[StoreName, Store]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def coordinator(six: Six, clock: SetClock) -> Coordinator:
    return applying.coordinator(six, clock)


def told(kind: EventKind) -> OutboxEvent:
    """The one event of that kind."""
    return OutboxEvent.objects.get(kind=kind)


def entry_of(event: OutboxEvent) -> tuple[str, str | None]:
    """Who did what, as the audit's entry of the event has it."""
    entry = AuditEntry.objects.get(seq=event.audit_seq)
    assert entry.account == event.account_id
    return entry.actor, entry.action


@pytest.mark.parametrize(
    ("kind", "cell", "before", "after"),
    [
        (EventKind.STATE_CHANGED, "subs_dunning.dunning.state", "bad_debt", "clear"),
        (EventKind.ENTITLEMENT_CHANGED, "cf_prod.entitlements.suspended", True, False),
        (EventKind.FLAG_CHANGED, "billing_prod.account_flags.in_bad_debt", True, False),
    ],
)
def test_what_a_repair_changes_is_told_when_it_is_decided(
    coordinator: Coordinator, evaluated: Evaluation, kind: EventKind, cell: str, before: Any, after: Any
) -> None:
    result = coordinator.apply(applying.order(evaluated))
    event = told(kind)
    assert event.before is not None
    assert event.after is not None
    assert (event.before[cell], event.after[cell], event.before.keys()) == (before, after, event.after.keys())
    assert (event.cause, entry_of(event)) == (f"apply:{result.apply_id}", ("user:ada", "repair.applied"))


def test_a_repair_that_is_decided_is_applied(coordinator: Coordinator, evaluated: Evaluation) -> None:
    result = coordinator.apply(applying.order(evaluated))
    event = told(EventKind.REPAIR_APPLIED)
    assert event.after == {
        "apply_id": str(result.apply_id),
        "digest": evaluated.plan.digest,
        "risk": evaluated.plan.risk,
        "writes": len(evaluated.plan.writes),
    }
    assert (event.cause, entry_of(event)) == (f"apply:{result.apply_id}", ("user:ada", "repair.applied"))


def test_a_plan_that_is_no_longer_the_plan_is_refused(coordinator: Coordinator, evaluated: Evaluation) -> None:
    coordinator.apply(applying.order(evaluated, digest="0" * 64, request_id="r1"))
    event = told(EventKind.REPAIR_REFUSED)
    assert (event.before, event.cause) == ({"digest": "0" * 64, "proposal": None}, "request:r1")
    assert event.after is not None
    assert (event.after["code"], event.after["digest"]) == ("stale", evaluated.plan.digest)
    assert entry_of(event) == ("user:ada", "repair.refused")


def test_an_approval_that_nobody_carried_out_is_refused(six: Six, clock: SetClock, evaluated: Evaluation) -> None:
    apply_id = applying.approve(applying.order(evaluated), evaluated, clock())
    clock.forward(minutes=20)
    applying.recovery(six, clock).run()
    event = told(EventKind.REPAIR_REFUSED)
    assert event.after is not None
    assert (event.after["code"], event.cause) == ("expired", f"apply:{apply_id}")
    assert entry_of(event) == ("user:ada", "repair.expired")


def test_a_repair_that_a_store_does_not_take_has_failed(coordinator: Coordinator, evaluated: Evaluation) -> None:
    down = {**coordinator.stores, StoreName.SUBS_CUSTOMER: CfProd("postgres://role@127.0.0.1:1/gone")}
    result = replace(coordinator, stores=down).apply(applying.order(evaluated))
    event = told(EventKind.REPAIR_FAILED)
    assert event.after is not None
    assert (event.after["apply_id"], bool(event.after["why"])) == (str(result.apply_id), True)
    assert (event.cause, entry_of(event)) == (f"apply:{result.apply_id}", ("user:ada", "repair.failed"))
    assert not OutboxEvent.objects.filter(kind__startswith="account.").exists()


@pytest.fixture
def look(six: Six, clock: SetClock) -> Callable[..., None]:
    """`look(hours=25)`: so much later, the account is evaluated again."""

    def again(trigger: Trigger = Trigger.SWEEP, **later: float) -> None:
        clock.forward(**later)
        recompute_account(
            "acc_1", stores=six, rules=applying.RULES, now=clock(), trigger=trigger, actor="task:recompute"
        )

    return again


def test_drift_is_told_when_it_is_found_and_when_it_is_gone(
    coordinator: Coordinator, evaluated: Evaluation, look: Callable[..., None]
) -> None:
    look()
    found = told(EventKind.DRIFT_DETECTED)
    assert (found.before, found.cause, found.audit_seq) == (None, "sweep", None)
    assert found.after is not None
    assert found.after["cells"] == len(evaluated.drift.cells)
    coordinator.apply(applying.order(evaluated))
    look(Trigger.APPLY, seconds=1)
    gone = told(EventKind.DRIFT_CLEARED)
    assert (gone.before, gone.after, gone.cause, gone.audit_seq) == (found.after, None, "apply", None)


def test_a_case_is_told_when_it_is_opened_and_when_it_is_closed(look: Callable[..., None], twin: TwinUnderTest) -> None:
    """The ledger voided an invoice that Stripe still asks for."""
    look()
    look(Trigger.TIMER, hours=25)
    opened = told(EventKind.CASE_OPENED)
    assert opened.after == {"finding": "fact_conflict", "since": applying.NOW.isoformat()}
    assert (opened.before, opened.cause, opened.audit_seq) == (None, "timer", None)
    twin.load_over("invoice", "in_1", status="void")
    look(Trigger.EVENT, hours=1)
    closed = told(EventKind.CASE_CLOSED)
    assert closed.before == {"finding": "fact_conflict"}
    assert (closed.after, closed.cause, closed.audit_seq) == (None, "event", None)


def test_what_is_decided_on_a_case_is_told_until_the_stores_close_it(
    look: Callable[..., None], twin: TwinUnderTest, clock: SetClock
) -> None:
    look()
    [finding] = subjects_of(AccountState.objects.get().evaluation.findings, [])
    asked = CaseAsked(finding.finding, finding.seal, "store_is_right:billing_prod", "a test invoice")
    decide_case("acc_1", asked, actor="user:ada", groups=["finance"], now=clock())
    decided = told(EventKind.CASE_DECIDED)
    assert decided.after is not None
    assert (decided.before, decided.after["kind"], decided.cause) == (None, "store_is_right", "user:ada")
    assert entry_of(decided) == ("user:ada", "case.decided")
    twin.load_over("invoice", "in_1", status="void")
    look(Trigger.EVENT, hours=1)
    closed = OutboxEvent.objects.filter(kind=EventKind.CASE_DECIDED).latest("sequence")
    assert (closed.before, closed.after) == (decided.after, {"closed": "gone"})
    assert (closed.cause, closed.audit_seq) == ("event", None)


def test_every_kind_is_held_here() -> None:
    held = Path(__file__).read_text()
    assert [kind.name for kind in EventKind if f"EventKind.{kind.name}" not in held] == []


def test_an_accounts_events_have_rising_sequences(
    coordinator: Coordinator, evaluated: Evaluation, look: Callable[..., None]
) -> None:
    look()
    coordinator.apply(applying.order(evaluated))
    look(Trigger.APPLY, seconds=1)
    kinds = list(OutboxEvent.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds == [
        "drift.detected",
        "repair.applied",
        "account.state_changed",
        "account.entitlement_changed",
        "account.flag_changed",
        "drift.cleared",
    ]
