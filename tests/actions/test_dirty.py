"""Marks are never lost: not while an evaluation runs, not when it fails, not when a worker dies."""

from datetime import UTC, datetime, timedelta

import pytest

from recon.actions.dirty import MOST_ATTEMPTS, Cause, CauseKind, claim, complete, fail, mark_dirty, mark_due
from recon.models import AccountState, Dirty
from tests.actions.test_keep_evaluations import drifted, keep

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def claim_one(at: datetime = NOW):
    return claim(now=at, limit=1)[0]


def test_a_mark_made_while_an_evaluation_runs_asks_for_another():
    mark_dirty(["acc_1"], NOW)
    running = claim_one()
    mark_dirty(["acc_1"], NOW)
    assert complete([running])
    assert [one.gen for one in claim(now=NOW, limit=9)] == [2]


def test_whoever_asks_once_is_heard_too_while_an_evaluation_runs():
    mark_dirty(["acc_1"], NOW, once=True)
    mark_dirty(["acc_1"], NOW, once=True)
    running = claim_one()
    mark_dirty(["acc_1"], NOW, once=True)
    assert complete([running])
    assert [one.gen for one in claim(now=NOW, limit=9)] == [2]


def test_many_marks_before_an_evaluation_cost_one():
    for _ in range(5):
        mark_dirty(["acc_1"], NOW)
    assert complete([claim_one()])
    assert claim(now=NOW, limit=9) == []


def test_an_account_is_evaluated_by_one_at_a_time():
    mark_dirty(["acc_1"], NOW)
    claim_one()
    assert claim(now=NOW, limit=9) == []


def test_the_claim_of_a_worker_that_died_is_free_after_its_lease_and_its_token_worthless():
    mark_dirty(["acc_1"], NOW)
    died = claim_one()
    successor = claim_one(LATER)
    assert not complete([died])
    assert complete([successor])


def test_what_fails_waits_longer_each_time_and_is_parked_at_last():
    mark_dirty(["acc_1"], NOW)
    waits, at = [], NOW
    for _ in range(MOST_ATTEMPTS):
        fail(claim_one(at), "ValueError: a row that breaks the rules", now=at, is_poison=True)
        row = Dirty.objects.get()
        waits.append(row.not_before - at)
        at = row.not_before
    assert waits == sorted(waits)
    assert (row.parked, row.last_error) == (True, "ValueError: a row that breaks the rules")
    assert claim(now=at + timedelta(days=1), limit=9) == []


def test_an_event_gives_a_parked_account_one_more_try_after_its_back_off():
    mark_dirty(["acc_1"], NOW)
    Dirty.objects.update(parked=True, attempts=MOST_ATTEMPTS, not_before=LATER)
    mark_dirty(["acc_1"], NOW)
    assert claim(now=NOW, limit=9) == []
    fail(claim_one(LATER), "ValueError", now=LATER, is_poison=True)
    assert Dirty.objects.get().parked


def test_an_outage_parks_nobody_however_long_it_lasts():
    mark_dirty(["acc_1"], NOW)
    at = NOW
    for _ in range(3 * MOST_ATTEMPTS):
        fail(claim_one(at), "cf_prod gives no answer", now=at, is_poison=False)
        row = Dirty.objects.get()
        assert row.not_before - at <= timedelta(minutes=24)
        at = row.not_before
    assert not row.parked
    assert complete([claim_one(at)])


def test_a_claim_answers_the_causes_up_to_its_own_generation():
    mark_dirty(["acc_1"], NOW, cause=Cause(CauseKind.PERSON, "user:ada"))
    running = claim_one()
    mark_dirty(["acc_1"], LATER, cause=Cause(CauseKind.TIMER))
    [done] = complete([running])
    assert [(one["kind"], one["ref"]) for one in done.causes] == [("person", "user:ada")]
    assert [one["kind"] for one in Dirty.objects.get().causes] == ["timer"]


def test_of_a_flood_of_causes_the_latest_are_kept():
    for number in range(30):
        mark_dirty(["acc_1"], NOW, cause=Cause(CauseKind.PERSON, str(number)))
    assert [one["ref"] for one in Dirty.objects.get().causes] == [str(number) for number in range(10, 30)]


def test_time_alone_marks_an_account_once():
    keep(drifted(), NOW)
    AccountState.objects.update(next_evaluation_at=NOW + timedelta(minutes=5))
    assert mark_due(now=NOW) == 0
    mark_due(now=LATER)
    mark_due(now=LATER)
    assert Dirty.objects.get().gen == 1
