"""A bulk repair from its frozen list to its last outcome: stages, stops, crashes, and one outcome for each account."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from recon.actions.approve_and_apply import approve_and_apply
from recon.actions.draft_bulk_repair import Selection
from recon.actions.drive_bulk_repairs import drive_bulk_repairs
from recon.actions.look_again import look_again
from recon.actions.pause_applies import pause_applies, resume_applies
from recon.actions.repair_bulk_items import repair_bulk_items, settle_doubts
from recon.actions.start_bulk_repair import start_bulk_repair
from recon.actions.steer_bulk_repair import Steer, steer_bulk_repair
from recon.models import Apply, ApplyState, AuditEntry, BulkRepair, BulkRepairItem
from recon.queries.bulk import bulk_run, moved_accounts
from tests.support.bulk import REASON, draft, drifted, outcomes, person, started, with_workers, work, work_to_the_end

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stores_clean", "twin")]


def steer(run: BulkRepair, deed: Steer) -> None:
    assert (
        steer_bulk_repair(
            run.id, deed, actor="user:fin", groups={"finance"}, reason="I looked at it", now=timezone.now()
        ).code
        == ""
    )
    run.refresh_from_db()


def move(owner, number: int) -> None:
    """The account's plan is another one now."""
    owner("cf_prod").execute(
        "update entitlements set suspended = false, row_version = 9 where account_id = %s", [f"acc_{number}"]
    )


def heal(number: int) -> None:
    """Somebody else repairs the account meanwhile."""
    digest = look_again(f"acc_{number}", actor="user:eve").answer["plan"]["digest"]
    approve_and_apply(f"acc_{number}", digest=digest, actor="user:eve", groups=["finance"], reason="first")


def test_every_account_is_applied_once_by_its_starter(told):
    drifted(told, 7)
    run = started()
    work_to_the_end(run)
    assert (run.state, Counter(outcomes(run).values()), run.done) == ("done", {"applied": 7}, 7)
    applies = Apply.objects.values_list("account_id", "approved_by", "reason", "state")
    assert sorted(applies) == [(f"acc_{n}", "user:fin", REASON, "done") for n in range(1, 8)]


def test_nothing_is_left_to_do_when_it_is_over(told):
    drifted(told, 1)
    work_to_the_end(started())
    assert look_again("acc_1", actor="task:sweep").answer["plan"]["writes"] == []
    assert draft().code == "nothing"


def test_only_the_first_five_are_handed_out_before_all_of_them_went_well(told):
    drifted(told, 7)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    assert len(with_workers()) == 5
    work(with_workers()[:4])
    assert len(with_workers()) == 1
    work(with_workers())
    run.refresh_from_db()
    assert (run.stage, len(with_workers())) == ("fifty", 2)


def test_no_more_than_a_set_number_is_with_the_workers(told, settings):
    settings.BULK_AT_ONCE = 2
    drifted(told, 4)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    drive_bulk_repairs(now=timezone.now())
    assert len(with_workers()) == 2
    work_to_the_end(run)
    assert set(outcomes(run).values()) == {"applied"}


def test_plan_that_moved_in_the_canary_stops_the_run(told, owner):
    drifted(told, 7)
    run = started()
    move(owner, 2)
    work_to_the_end(run)
    assert (run.state, run.stopped_by, outcomes(run)["acc_2"]) == ("paused", "task:bulk", "refused_moved")
    assert "acc_2 was refused, its plan had moved" in run.stop_reason
    assert [outcome for account, outcome in outcomes(run).items() if account > "acc_5"] == ["", ""]


def test_later_plan_that_moved_is_skipped_and_offered_again(told, owner):
    drifted(told, 7)
    run = started()
    move(owner, 7)
    work_to_the_end(run)
    assert (run.state, Counter(outcomes(run).values())) == ("done", {"applied": 6, "refused_moved": 1})
    assert moved_accounts(run.id) == ["acc_7"]
    look_again("acc_7", actor="task:sweep")
    again = started(Selection(moved_of=run.id))
    work_to_the_end(again)
    assert outcomes(again) == {"acc_7": "applied"}


def test_account_that_somebody_else_repaired_is_already_true(told):
    drifted(told, 2)
    run = started()
    heal(1)
    work_to_the_end(run)
    assert (run.state, outcomes(run)) == ("done", {"acc_1": "already_true", "acc_2": "applied"})


def test_worker_that_dies_before_it_began_leaves_the_account_to_another(told):
    drifted(told, 2)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    lost = with_workers()
    later = timezone.now() + timedelta(seconds=61)
    drive_bulk_repairs(now=later)
    again = [(item, tries + 1) for item, tries in lost]
    work(lost)
    assert set(outcomes(run).values()) == {""}
    work(again)
    run.refresh_from_db()
    assert (run.state, Counter(outcomes(run).values()), Apply.objects.count()) == ("done", {"applied": 2}, 2)


def test_worker_that_dies_after_it_applied_has_applied_once(told, monkeypatch):
    drifted(told, 1)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    [(item, tries)] = with_workers()

    class Died(BaseException):
        pass

    def die(*_):
        raise Died

    with monkeypatch.context() as cut:
        cut.setattr("recon.actions.repair_bulk_items._keep", die)
        with pytest.raises(Died):
            repair_bulk_items([(item, tries)], clock=timezone.now)
    drive_bulk_repairs(now=timezone.now() + timedelta(seconds=61))
    work([(item, tries + 1)])
    assert (outcomes(run), Apply.objects.count()) == ({"acc_1": "applied"}, 1)


def test_apply_that_a_crash_cut_off_waits_for_recovery_and_is_tried_again(told):
    drifted(told, 1)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    [(item, tries)] = with_workers()
    half = Apply.objects.create(
        account_id="acc_1", digest="d" * 64, approved_by="user:fin", reason=REASON, created_at=timezone.now(),
        expires_at=timezone.now(), state=ApplyState.PREPARING, request_key=f"bulk:{run.id}:{item}:1",
    )  # fmt: skip
    work([(item, tries)])
    assert outcomes(run) == {"acc_1": ""}
    Apply.objects.filter(id=half.id).update(state=ApplyState.ABORTED, closed_at=timezone.now())
    drive_bulk_repairs(now=timezone.now() + timedelta(seconds=61))
    work([(item, tries + 1)])
    assert outcomes(run) == {"acc_1": "applied"}
    assert sorted(Apply.objects.values_list("state", flat=True)) == ["aborted", "done"]


def test_task_that_comes_twice_applies_once(told):
    drifted(told, 1)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    tasks = with_workers()
    work(tasks)
    work(tasks)
    run.refresh_from_db()
    assert (run.done, Apply.objects.count()) == (1, 1)


def test_run_started_twice_is_one_run(told):
    drifted(told, 1)
    first, second = draft(key="form-1"), draft(key="form-1")
    assert first.run_id == second.run_id
    for _ in range(2):
        start_bulk_repair(first.run_id, actor="user:fin", groups={"finance"}, reason=REASON, now=timezone.now())
    actions = AuditEntry.objects.filter(after__bulk_repair=first.run_id).order_by("seq")
    assert list(actions.values_list("action", flat=True)) == ["bulk_repair.drafted", "bulk_repair.started"]


def test_pause_stops_what_has_not_begun_and_resume_goes_on(told):
    drifted(told, 4)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    tasks = with_workers()
    work(tasks[:1])
    steer(run, Steer.PAUSE)
    work(tasks[1:])
    drive_bulk_repairs(now=timezone.now())
    assert (run.state, run.stop_reason, Counter(outcomes(run).values())) == (
        "paused",
        "I looked at it",
        {"applied": 1, "": 3},
    )
    steer(run, Steer.RESUME)
    work_to_the_end(run)
    assert Counter(outcomes(run).values()) == {"applied": 4}


def test_cancelled_run_never_goes_on(told):
    drifted(told, 2)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    steer(run, Steer.CANCEL)
    work()
    drive_bulk_repairs(now=timezone.now())
    refused = steer_bulk_repair(
        run.id, Steer.RESUME, actor="user:fin", groups={"finance"}, reason="on", now=timezone.now()
    )
    assert (refused.code, set(outcomes(run).values()), Apply.objects.count()) == ("state", {""}, 0)


def test_freeze_pauses_the_run_with_its_reason_and_it_goes_on_after(told):
    drifted(told, 1)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    pause_applies(actor="user:root", reason="incident 12", now=timezone.now())
    work()
    run.refresh_from_db()
    assert (run.state, "paused" in run.stop_reason, outcomes(run)) == ("paused", True, {"acc_1": ""})
    resume_applies(actor="user:root", reason="over", now=timezone.now())
    steer(run, Steer.RESUME)
    work_to_the_end(run)
    assert outcomes(run) == {"acc_1": "applied"}


def test_store_that_goes_down_pauses_the_run_and_says_which(told, twin):
    drifted(told, 2)
    run = started()
    drive_bulk_repairs(now=timezone.now())
    twin.fault("html_502", times=1_000)
    work(with_workers()[:1])
    run.refresh_from_db()
    assert (run.state, run.stopped_by, run.done) == ("paused", "task:bulk", 0)
    assert "stripe" in run.stop_reason.lower()
    twin.calm()
    steer(run, Steer.RESUME)
    work_to_the_end(run)
    assert Counter(outcomes(run).values()) == {"applied": 2}


def test_starter_who_loses_the_right_stops_the_run(told):
    drifted(told, 1)
    run = started()
    person("fin", "viewer")
    drive_bulk_repairs(now=timezone.now())
    run.refresh_from_db()
    assert (run.state, run.stop_reason) == ("paused", "fin, who started it, may not any more.")


def test_more_than_two_in_a_hundred_that_fail_stop_the_run(told):
    drifted(told, 1)
    run = started()
    BulkRepair.objects.filter(id=run.id).update(stage="rest", accounts=200, done=100, problems=2)
    drive_bulk_repairs(now=timezone.now())
    run.refresh_from_db()
    assert run.state == "running"
    BulkRepair.objects.filter(id=run.id).update(problems=3)
    drive_bulk_repairs(now=timezone.now())
    run.refresh_from_db()
    assert (run.state, run.stop_reason) == (
        "paused",
        "3 of the last 100 accounts failed or are in doubt: more than 2 %.",
    )
    steer(run, Steer.RESUME)
    drive_bulk_repairs(now=timezone.now())
    run.refresh_from_db()
    assert run.state == "running"


def test_doubt_is_settled_by_what_recovery_found(told):
    drifted(told, 1)
    run = started()
    work_to_the_end(run)
    BulkRepairItem.objects.update(outcome="in_doubt")
    BulkRepair.objects.update(problems=1)
    assert settle_doubts(now=timezone.now()) == 1
    found = bulk_run(run.id)
    assert (found.problems, found.outcomes["applied"]) == (0, 1)
