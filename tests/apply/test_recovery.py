"""What recovery does, and what it leaves alone."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from recon.apply import journal
from recon.apply.coordinator import Outcome
from recon.apply.journal import Held, Overtaken
from recon.apply.steps import Step
from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.models import Apply, ApplyBranch, ApplyState, BranchState
from recon.stores.base import RowWrite, Store
from recon.stores.cf_prod import CfProd
from tests.apply.conftest import SetClock
from tests.support import applying

Six = Mapping[StoreName, Store]
Audited = Callable[[], list[str]]


class PowerCut(BaseException):
    """Ends the coordinator in this process as a crash would: nothing of ours runs any more."""


def crash_at(step: Step) -> Callable[[Step], None]:
    def observe(reached: Step) -> None:
        if reached is step:
            raise PowerCut

    return observe


@pytest.fixture
def crashed_at(six: Six, clock: SetClock, evaluated: Evaluation) -> Callable[[Step], Apply]:
    """An apply whose coordinator is gone since this step."""

    def crash(step: Step) -> Apply:
        with pytest.raises(PowerCut):
            applying.coordinator(six, clock, crash_at(step)).apply(applying.order(evaluated))
        return Apply.objects.get()

    return crash


def test_before_the_decision_it_aborts(six: Six, clock: SetClock, crashed_at: Callable, audited: Audited) -> None:
    crashed_at(Step.ALL_PREPARED)
    report = applying.recovery(six, clock).run(whatever_lease=True)
    assert report.settled == {ApplyState.ABORTED: 1}
    assert audited() == ["repair.failed"]
    assert set(ApplyBranch.objects.values_list("state", flat=True)) == {BranchState.ROLLED_BACK}


def test_after_the_decision_it_commits(six: Six, clock: SetClock, crashed_at: Callable, audited: Audited) -> None:
    crashed_at(Step.COMMIT_DECIDED)
    report = applying.recovery(six, clock).run(whatever_lease=True)
    assert report.settled == {ApplyState.DONE: 1}
    assert audited() == ["repair.applied", "repair.finished"]
    assert applying.evaluation(six, "acc_1", clock()).drift.cells == ()


def test_a_running_lease_is_left_alone_until_it_ends(six: Six, clock: SetClock, crashed_at: Callable) -> None:
    crashed_at(Step.COMMIT_DECIDED)
    recovery = applying.recovery(six, clock)
    assert recovery.run().settled == {}
    clock.forward(seconds=31)
    assert recovery.run().settled == {ApplyState.DONE: 1}


def test_a_second_recovery_changes_nothing(six: Six, clock: SetClock, crashed_at: Callable, audited: Audited) -> None:
    crashed_at(Step.COMMIT_DECIDED)
    recovery = applying.recovery(six, clock)
    recovery.run(whatever_lease=True)
    before = audited()
    again = recovery.run(whatever_lease=True)
    assert (again.settled, again.prepared_left, again.alerts) == ({}, 0, [])
    assert audited() == before


def test_whoever_was_overtaken_may_not_decide(six: Six, clock: SetClock, crashed_at: Callable) -> None:
    apply = crashed_at(Step.ALL_PREPARED)
    mine = Held(apply.id, "acc_1", apply.epoch, applying.INSTANCE)
    assert journal.take_over(apply.id, instance=applying.INSTANCE, now=clock(), whatever_lease=True) is not None
    with pytest.raises(Overtaken):
        journal.decide_commit(mine, (), now=clock())
    assert Apply.objects.get().state == ApplyState.PREPARING


def test_a_prepared_transaction_that_nobody_knows_is_told_and_kept(six: Six, clock: SetClock) -> None:
    store = six[StoreName.CF_PROD]
    assert isinstance(store, CfProd)
    gid = journal.gid_prefix(applying.INSTANCE) + "00000000.cf_prod"
    branch = store.branch()
    branch.send_writes(gid, [RowWrite("entitlements", (("account_id", "acc_1"),), (), (("plan_active", True),), 0)])
    branch.await_writes()
    branch.send_prepare()
    branch.await_prepare()
    report = applying.recovery(six, clock).run(whatever_lease=True)
    assert report.alerts == [f"cf_prod: nobody knows the prepared transaction {gid}; look at it."]
    assert [listed.gid for listed in store.in_doubt("recon.")] == [gid]
    assert store.send_rollback(gid).outcome()


def test_another_installations_transactions_are_not_looked_at(six: Six, clock: SetClock, crashed_at: Callable) -> None:
    crashed_at(Step.ALL_PREPARED)
    Apply.objects.all().delete()
    other = applying.recovery(six, clock)
    report = type(other)(instance="other", settler=other.settler, clock=clock, observe=other.observe).run()
    assert (report.prepared_left, report.alerts) == (0, [])


def test_an_approval_that_nobody_claimed_expires(six: Six, clock: SetClock, audited: Audited) -> None:
    Apply.objects.create(
        account_id="acc_9",
        digest="x",
        approved_by="user:ada",
        reason="r",
        created_at=clock(),
        expires_at=clock() + timedelta(minutes=15),
    )
    recovery = applying.recovery(six, clock)
    assert recovery.run(whatever_lease=True).expired == 0
    clock.forward(minutes=16)
    assert recovery.run(whatever_lease=True).expired == 1
    assert audited() == ["repair.expired"]


def test_a_store_that_is_down_is_waited_for(six: Six, clock: SetClock, crashed_at: Callable) -> None:
    crashed_at(Step.COMMIT_DECIDED)
    without = {**six, StoreName.CF_PROD: CfProd("postgres://role@127.0.0.1:1/gone")}
    report = applying.recovery(without, clock).run(whatever_lease=True)
    assert (report.settled, report.waiting) == ({}, 1)
    assert report.unreachable[0].startswith("cf_prod: the database at 127.0.0.1:1/gone gives no answer")
    waiting = Apply.objects.get()
    assert (waiting.state, waiting.waiting_for) == (ApplyState.COMMITTING, report.unreachable[0])
    clock.forward(minutes=3)
    (alert,) = applying.recovery(without, clock).run(whatever_lease=True).alerts
    assert "not finished for minutes: cf_prod" in alert
    assert applying.recovery(six, clock).run(whatever_lease=True).settled == {ApplyState.DONE: 1}


def test_a_store_that_is_down_when_it_is_prepared_takes_everything_back(
    six: Six, clock: SetClock, evaluated: Evaluation
) -> None:
    coordinator = applying.coordinator(six, clock)
    down = {**coordinator.stores, StoreName.SUBS_CUSTOMER: CfProd("postgres://role@127.0.0.1:1/gone")}
    broken = replace(coordinator, stores=down)
    assert broken.apply(applying.order(evaluated)).outcome is Outcome.FAILED
    assert applying.evaluation(six, "acc_1", clock()).plan.digest == evaluated.plan.digest
