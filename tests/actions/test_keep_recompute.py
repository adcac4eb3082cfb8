"""Why an account was evaluated: every event, timer, repair and person that had asked for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actions.recompute import recompute_account
from recon.actions.recompute_dirty import recompute_dirty
from recon.models import Evaluation, Inbox, InboxMark, InboxStatus, Recompute, Trigger
from tests.actions.conftest import NOW

pytestmark = pytest.mark.django_db


def event(number: int, gen: int, at: datetime = NOW) -> None:
    """An event that had marked the account."""
    kept = Inbox.objects.create(
        source="stripe",
        event_id=f"evt_{number}",
        received_at=at,
        type="invoice.paid",
        body={},
        body_hash="h",
        status=InboxStatus.ROUTED,
    )
    InboxMark.objects.create(event=kept, account_id="acc_1", gen=gen)


def test_many_events_cost_one_evaluation_that_names_them(sweeper_at: Callable, told: Callable) -> None:
    told("paid_after_suspension", 1)
    for number in range(1, 4):
        mark_dirty(["acc_1"], NOW, cause=Cause(CauseKind.APPLY))
        event(number, gen=number, at=NOW + timedelta(seconds=number))

    assert recompute_dirty(sweeper_at(), limit=9) == 1

    kept = Recompute.objects.get()
    assert [one["ref"] for one in kept.causes if one["kind"] == "event"] == [
        "stripe invoice.paid evt_1",
        "stripe invoice.paid evt_2",
        "stripe invoice.paid evt_3",
    ]
    assert kept.evaluation == Evaluation.objects.get()
    assert Evaluation.objects.get().trigger == Trigger.EVENT


def test_an_event_that_comes_later_is_not_claimed_to_have_been_seen(sweeper_at: Callable, told: Callable) -> None:
    told("paid_after_suspension", 1)
    mark_dirty(["acc_1"], NOW)
    event(1, gen=1)
    event(2, gen=2)
    recompute_dirty(sweeper_at(), limit=9)
    assert [one["ref"] for one in Recompute.objects.get().causes if one["kind"] == "event"] == [
        "stripe invoice.paid evt_1"
    ]


def test_a_flood_is_counted_and_its_latest_are_listed(sweeper_at: Callable, told: Callable) -> None:
    told("paid_after_suspension", 1)
    for number in range(1, 51):
        mark_dirty(["acc_1"], NOW)
        event(number, gen=number, at=NOW + timedelta(seconds=number))
    recompute_dirty(sweeper_at(), limit=9)
    kept = Recompute.objects.get()
    assert (len(kept.causes), kept.causes[-1]["ref"]) == (20, "stripe invoice.paid evt_50")
    assert kept.more_causes >= 30


def test_a_person_who_asked_is_named_though_nothing_changed(sweeper_at: Callable, told: Callable) -> None:
    told("paid_after_suspension", 1)
    for seconds in (0, 1):
        at = datetime(2026, 3, 20, 0, 0, seconds, tzinfo=UTC)
        sweeper = sweeper_at(at)
        recompute_account(
            "acc_1", stores=sweeper.stores, rules=sweeper.rules, now=at, trigger=Trigger.PERSON, actor="user:ada"
        )
    assert Evaluation.objects.count() == 1
    assert [one.causes[0]["ref"] for one in Recompute.objects.order_by("at")] == ["user:ada", "user:ada"]


def test_time_alone_is_a_timer(sweeper_at: Callable, told: Callable) -> None:
    told("paid_after_suspension", 1)
    mark_dirty(["acc_1"], NOW, cause=Cause(CauseKind.TIMER))
    recompute_dirty(sweeper_at(), limit=9)
    assert Evaluation.objects.get().trigger == Trigger.TIMER
