"""An account that keeps failing is replayed or ignored by a person, and what happens to it later is never lost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from recon.actions.dirty import MOST_ATTEMPTS, claim, complete, fail, mark_dirty, mark_due
from recon.actions.ignore_account import ignore_account
from recon.actions.replay_account import replay_account
from recon.actions.settled import Settled
from recon.models import AccountState, AuditEntry, Dirty
from tests.actions.test_keep_evaluations import drifted, keep

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ADA = {"actor": "user:ada", "groups": ["finance"], "reason": "the row is mended", "now": NOW}
ignore = partial(ignore_account, seen=1)
POISON = "ValueError: plan of ada@example.test"


def parked(account_id: str = "acc_1", attempts: int = MOST_ATTEMPTS) -> None:
    mark_dirty([account_id], NOW)
    Dirty.objects.filter(account=account_id).update(
        parked=attempts >= MOST_ATTEMPTS, attempts=attempts, not_before=LATER, last_error=POISON
    )


def claim_one(at: datetime = NOW):
    return claim(now=at, limit=1)[0]


def due(at: datetime = NOW) -> list[str]:
    return [one.account_id for one in claim(now=at, limit=9)]


@pytest.mark.parametrize("attempts", [3, MOST_ATTEMPTS])
def test_a_replay_unparks_and_is_due_at_once(attempts: int) -> None:
    parked(attempts=attempts)
    assert replay_account("acc_1", **ADA) == Settled(True)
    row = Dirty.objects.get()
    cause = row.causes[-1]
    assert (row.parked, row.attempts, cause["kind"], cause["ref"]) == (False, 0, "person", "user:ada")
    assert due() == ["acc_1"]


def test_a_replay_is_in_the_audit_without_what_the_error_quotes() -> None:
    parked()
    replay_account("acc_1", **ADA, request_id="req-1")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.account, entry.reason, entry.request_id) == (
        "user:ada",
        "queue.replayed",
        "acc_1",
        "the row is mended",
        "req-1",
    )
    assert entry.before == {"parked": True, "attempts": MOST_ATTEMPTS, "error": "ValueError"}


def test_a_second_replay_changes_nothing() -> None:
    parked()
    replay_account("acc_1", **ADA)
    assert replay_account("acc_1", **ADA).code == "not_failing"
    assert (Dirty.objects.get().gen, AuditEntry.objects.count()) == (2, 1)


def test_a_replay_during_the_last_try_is_followed_by_another() -> None:
    parked(attempts=MOST_ATTEMPTS - 1)
    running = claim_one(LATER)
    replay_account("acc_1", **ADA)
    fail(running, POISON, now=LATER, is_poison=True)
    row = Dirty.objects.get()
    assert (row.parked, row.attempts, row.gen - row.done_gen) == (False, 1, 2)


def test_a_mark_during_the_last_try_is_not_parked_with_it() -> None:
    parked(attempts=MOST_ATTEMPTS - 1)
    running = claim_one(LATER)
    mark_dirty(["acc_1"], LATER)
    fail(running, POISON, now=LATER, is_poison=True)
    assert not Dirty.objects.get().parked


@pytest.mark.parametrize("attempts", [3, MOST_ATTEMPTS])
def test_what_is_ignored_waits_for_nothing(attempts: int) -> None:
    parked(attempts=attempts)
    assert ignore("acc_1", **ADA) == Settled(True)
    row = Dirty.objects.get()
    assert (row.parked, row.done_gen, row.causes, due(LATER)) == (True, row.gen, [], [])
    assert AuditEntry.objects.get().action == "queue.ignored"


def test_what_is_ignored_is_tried_again_when_something_new_happens() -> None:
    parked()
    ignore("acc_1", **ADA)
    mark_dirty(["acc_1"], LATER)
    assert complete([claim_one(LATER)])
    assert (Dirty.objects.get().parked, Dirty.objects.get().attempts) == (False, 0)


def test_what_is_ignored_and_fails_again_is_parked_again_and_shown() -> None:
    parked()
    ignore("acc_1", **ADA)
    mark_dirty(["acc_1"], LATER)
    fail(claim_one(LATER), POISON, now=LATER, is_poison=True)
    row = Dirty.objects.get()
    assert (row.parked, row.gen > row.done_gen) == (True, True)


def test_a_time_that_had_come_before_is_no_news_and_one_that_comes_after_is() -> None:
    keep(drifted(), NOW - timedelta(days=1))
    AccountState.objects.update(next_evaluation_at=NOW - timedelta(minutes=1))
    parked()
    ignore("acc_1", **ADA)
    assert (mark_due(now=LATER), due(LATER)) == (0, [])
    AccountState.objects.update(next_evaluation_at=NOW + timedelta(minutes=1))
    mark_due(now=LATER)
    assert due(LATER) == ["acc_1"]


def test_what_came_since_the_person_looked_is_not_ignored_with_it() -> None:
    parked()
    mark_dirty(["acc_1"], NOW)
    assert ignore("acc_1", **ADA).code == "news"
    assert due(LATER) == ["acc_1"]


def test_a_replay_wakes_a_worker_once_it_is_durable(django_capture_on_commit_callbacks: Callable) -> None:
    parked()
    with django_capture_on_commit_callbacks() as woken:
        replay_account("acc_1", **ADA)
    assert [one.args for one in woken] == [("recon.recompute_due",)]


def test_a_second_ignoring_changes_nothing() -> None:
    parked()
    ignore("acc_1", **ADA)
    assert ignore("acc_1", **ADA).code == "ignored"
    assert AuditEntry.objects.count() == 1


def test_what_a_try_under_way_finds_is_not_thrown_away() -> None:
    parked(attempts=3)
    running = claim_one(LATER)
    assert ignore("acc_1", **ADA | {"now": LATER}).code == "running"
    assert complete([running])


def test_what_was_ignored_can_be_replayed() -> None:
    parked()
    ignore("acc_1", **ADA)
    assert replay_account("acc_1", **ADA).done
    assert due() == ["acc_1"]


@pytest.mark.parametrize("act", [replay_account, ignore])
def test_an_account_that_does_not_fail_is_left_alone(act) -> None:
    mark_dirty(["acc_1"], NOW)
    assert [act(one, **ADA).code for one in ("acc_1", "acc_none")] == ["not_failing"] * 2
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("act", [replay_account, ignore])
def test_without_a_reason_nothing_changes(act) -> None:
    parked()
    with pytest.raises(ValueError, match="Say why"):
        act("acc_1", **ADA | {"reason": " "})
    assert Dirty.objects.get().parked


@pytest.mark.parametrize(
    ("act", "group", "may"),
    [
        (replay_account, "viewer", False),
        (replay_account, "support", True),
        (ignore, "support", False),
        (ignore, "finance", True),
        (ignore, "admin", True),
    ],
)
def test_who_may(act, group: str, may: bool) -> None:
    parked()
    assert act("acc_1", **ADA | {"groups": [group]}).done is may


def test_an_outage_of_days_is_no_number_too_large() -> None:
    parked(attempts=3)
    Dirty.objects.update(attempts=5_000)
    fail(claim_one(LATER), "cf_prod gives no answer", now=LATER, is_poison=False)
    assert Dirty.objects.get().not_before - LATER <= timedelta(minutes=24)
