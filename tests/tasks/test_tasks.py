"""Each task does its one action, and a task that comes twice changes nothing."""

from datetime import timedelta

import pytest
from celery.signals import task_prerun
from django.db import connection
from django.utils import timezone

from recon import tasks
from recon.actions import equipment
from recon.actions.dirty import mark_dirty
from recon.actions.sweep import begin_sweep, open_chunks
from recon.apply.record import Entry, record
from recon.celery import app
from recon.models import AccountState, AuditVerification, Dirty, Evaluation, LookUp, SweepRun

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stores_clean", "twin")]


def test_an_event_recomputes_its_account(told):
    told("paid_after_suspension")
    tasks.recompute_account("acc_1")
    tasks.recompute_account("acc_1")
    assert (AccountState.objects.get().state, Evaluation.objects.count()) == ("clear", 1)
    assert (Dirty.objects.get().gen, Dirty.objects.get().done_gen) == (2, 2)


def test_what_is_due_is_recomputed_and_an_account_that_no_store_knows_stops_nobody(told):
    told("paid_after_suspension", 2)
    mark_dirty(["acc_1", "acc_2"], timezone.now() - timedelta(seconds=1))
    tasks.recompute_due()
    assert dict(AccountState.objects.values_list("account_id", "is_known")) == {"acc_1": False, "acc_2": True}


def test_a_read_that_failed_is_tried_again_later(told, twin):
    told("paid_after_suspension")
    twin.fault("html_502", times=1_000)
    tasks.recompute_account("acc_1")
    row = Dirty.objects.get()
    assert (row.attempts, row.gen > row.done_gen, row.not_before > timezone.now()) == (1, True, True)


def test_the_last_chunk_closes_the_sweep(told):
    told("paid_after_suspension")
    run = begin_sweep(equipment.sweeper(), actor="test")
    for chunk_id in open_chunks(run):
        tasks.sweep_chunk(chunk_id)
    assert SweepRun.objects.get().counts["headlines"]["stuck_in_bad_debt"] == 1


def test_the_schedule_names_tasks_that_there_are():
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


def test_the_audit_is_proved_and_what_is_old_forgotten(settings, tmp_path):
    settings.AUDIT_CHECKPOINTS = tmp_path / "checkpoints"
    record(Entry(actor="user:ada", action="test.done", reason="because"))
    tasks.checkpoint_audit()
    tasks.verify_audit()
    latest = AuditVerification.objects.latest("id")
    assert (latest.problems, latest.checkpoints) == ([], 1)
    old = timezone.now() - timedelta(days=settings.LOOK_UP_DAYS + 1)
    LookUp.objects.create(at=old, actor="user:ada", account_id="acc_1", by="account")
    tasks.prune()
    assert not LookUp.objects.exists()


def test_a_host_that_cannot_reach_our_database_hands_the_accounts_of_a_bulk_repair_on(monkeypatch):
    tried = []
    count = lambda args, **_: tried.append(args)  # noqa: E731
    with monkeypatch.context() as cut_off:
        cut_off.setitem(connection.settings_dict, "PORT", "1")
        connection.close()
        task_prerun.connect(count)
        ended = tasks.bulk_items.apply(args=["7:1"])
        task_prerun.disconnect(count)
    assert (ended.state, [list(args) for args in tried]) == ("FAILURE", [["7:1"]] * 6)
