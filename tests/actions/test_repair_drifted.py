"""Many accounts repaired under one reason: each by itself, each outcome kept."""

from datetime import UTC, datetime

import pytest

from recon.actions import equipment
from recon.actions.repair_drifted import Approver, begin_bulk_repair, open_items, repair_drifted, repair_item
from recon.actions.run_sweep import Reports, run_sweep, work_here
from recon.actions.sync_stripe import Pace
from recon.models import Apply, AuditEntry, BulkRepairItem
from recon.queries.drift import drift_numbers
from recon.queries.runs import bulk_state

pytestmark = pytest.mark.django_db(transaction=True)

APPROVER = Approver(actor="user:fin", reason="late webhooks of 3 March")
SILENT = Reports(lambda *_: None, lambda *_: None)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def swept(stores_clean, told):
    """Two drifted accounts and one healthy, evaluated by the process's own equipment."""

    def sweep() -> None:
        sweeper = equipment.sweeper()
        run_sweep(sweeper, actor="test", pace=Pace(10_000), work=work_here(lambda: sweeper), reports=SILENT)

    told("paid_after_suspension", 1)
    told("paid_after_suspension", 2)
    sweep()
    return sweep


def test_every_account_with_a_plan_is_repaired_and_a_second_time_there_is_nothing_to_do(swept):
    done = repair_drifted(
        APPROVER, enqueue=lambda item_id: repair_item(item_id, clock=now), clock=now, report=lambda *_: None
    )
    assert (done.accounts, done.outcomes) == (2, {"applied": 2})
    swept()
    assert drift_numbers().with_a_plan == 0
    again = begin_bulk_repair(APPROVER, now=now())
    assert open_items(again) == []


def test_a_plan_that_the_world_overtook_is_refused_and_the_others_go_on(swept, owner):
    bulk = begin_bulk_repair(APPROVER, now=now())
    owner("cf_prod").execute("update entitlements set suspended = false, row_version = 9 where account_id = 'acc_1'")
    for item_id in open_items(bulk):
        repair_item(item_id, clock=now)
    outcomes = dict(BulkRepairItem.objects.values_list("account_id", "outcome"))
    assert outcomes == {"acc_1": "refused", "acc_2": "applied"}
    assert bulk_state(bulk.id).outcomes == {"applied": 1, "refused": 1}


def test_a_task_that_comes_twice_applies_once(swept):
    bulk = begin_bulk_repair(APPROVER, now=now())
    first, _ = open_items(bulk)
    repair_item(first, clock=now)
    BulkRepairItem.objects.update(done_at=None, outcome="")
    repair_item(first, clock=now)
    assert BulkRepairItem.objects.get(id=first).outcome == "applied"
    assert Apply.objects.count() == 1


def test_the_approval_of_many_is_in_the_audit(swept):
    begin_bulk_repair(APPROVER, now=now())
    entry = AuditEntry.objects.filter(action="bulk_repair.started").latest("seq")
    assert (entry.actor, entry.reason, entry.after["accounts"]) == (APPROVER.actor, APPROVER.reason, 2)
