"""Many that the stores, the clock or the policy had marked are evaluated together, Stripe out of the mirror."""

from dataclasses import replace
from datetime import timedelta

import pytest

from recon.actions.dirty import Cause, CauseKind, claim, mark_dirty
from recon.actions.receive_store_events import StoreEvent, receive_store_events
from recon.actions.recompute_dirty import recompute_dirty
from recon.actions.recompute_many import recompute_many
from recon.engine.facts import StoreName
from recon.models import (
    AccountState,
    Dirty,
    Evaluation,
    Inbox,
    InboxMark,
    InboxStatus,
    Recompute,
    StripeObject,
    Trigger,
)
from recon.stores.subs_dunning import SubsDunning
from tests.actions.conftest import NOW

IDS = ["acc_1", "acc_2", "acc_3"]
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def sweeper(sweeper_at, told, sync):
    for number in (1, 2, 3):
        told("paid_after_suspension" if number == 1 else "settled_in_both_stores", number)
    sync(sweeper_at())
    return sweeper_at(LATER)


def stores_tell(*account_ids):
    receive_store_events([StoreEvent("billing_prod", f"e_{id}", id, NOW) for id in account_ids], now=NOW)


def stripe_tells(account_id, gen):
    kept = Inbox.objects.create(
        source="stripe",
        event_id="evt_1",
        received_at=NOW,
        type="invoice.paid",
        body={},
        body_hash="h",
        status=InboxStatus.ROUTED,
    )
    InboxMark.objects.create(event=kept, account_id=account_id, gen=gen)


def waiting() -> dict[str, int]:
    """Account → attempts."""
    return {one.account: one.attempts for one in Dirty.objects.order_by("account") if one.gen > one.done_gen}


def test_what_stores_have_told_of_many_is_answered_together(sweeper):
    stores_tell(*IDS)
    assert recompute_many(sweeper, many=3) == 3
    assert waiting() == {}
    states = AccountState.objects.order_by("account_id")
    assert [(one.account_id, one.drifted_cells > 0, one.fingerprint is not None) for one in states] == [
        ("acc_1", True, True),
        ("acc_2", False, True),
        ("acc_3", False, True),
    ]
    assert set(Evaluation.objects.values_list("trigger", flat=True)) == {Trigger.EVENT}
    assert [one.causes[0]["ref"] for one in Recompute.objects.order_by("account_id")] == [
        f"billing_prod store.changed e_{id}" for id in IDS
    ]


@pytest.mark.parametrize(("kind", "trigger"), [("policy", Trigger.POLICY), ("timer", Trigger.TIMER)])
def test_what_the_policy_or_the_clock_asks_for_is_answered_together(sweeper, kind, trigger):
    mark_dirty(IDS, NOW, cause=Cause(CauseKind(kind)))
    assert recompute_many(sweeper, many=3) == 3
    assert (waiting(), set(Evaluation.objects.values_list("trigger", flat=True))) == ({}, {trigger})


def test_a_few_are_read_live(sweeper):
    stores_tell(*IDS)
    assert recompute_many(sweeper, many=4) == 0
    assert len(claim(now=LATER, limit=9)) == 3


@pytest.mark.parametrize("kind", [kind for kind in CauseKind if kind not in (CauseKind.TIMER, CauseKind.POLICY)])
def test_whoever_else_asks_gets_a_live_answer(sweeper, kind):
    mark_dirty(IDS, NOW, cause=Cause(kind))
    assert recompute_many(sweeper, many=1) == 0


def test_whom_stripe_tells_of_is_read_live(sweeper):
    stores_tell(*IDS)
    mark_dirty(["acc_2"], NOW, cause=Cause(CauseKind.POLICY))
    stripe_tells("acc_3", gen=1)
    assert recompute_many(sweeper, many=1) == 1
    assert waiting() == {"acc_2": 0, "acc_3": 0}


def test_a_change_that_comes_meanwhile_is_not_taken_for_seen(sweeper):
    class Told(SubsDunning):
        def read_many(self, *args, **kwargs):
            stores_tell("acc_1", "acc_9")
            return super().read_many(*args, **kwargs)

    mark_dirty(IDS, NOW, cause=Cause(CauseKind.POLICY))
    dunning = sweeper.stores[StoreName.SUBS_DUNNING]
    told = Told(dunning.connections.url, clock=sweeper.clock)
    recompute_many(replace(sweeper, stores={**sweeper.stores, StoreName.SUBS_DUNNING: told}), many=3)
    assert waiting() == {"acc_1": 0, "acc_9": 0}


def test_where_a_store_is_silent_each_is_tried_again_by_itself(sweeper):
    stores_tell(*IDS)
    down = SubsDunning("postgresql://nobody@127.0.0.1:1/subs_dunning", clock=sweeper.clock)
    recompute_many(replace(sweeper, stores={**sweeper.stores, StoreName.SUBS_DUNNING: down}), many=3)
    assert waiting() == dict.fromkeys(IDS, 1)
    assert recompute_many(sweeper, many=1) == 0
    Dirty.objects.update(not_before=NOW)
    assert (recompute_dirty(sweeper, limit=9), waiting()) == (3, {})


def test_where_stripe_has_to_be_asked_and_is_silent_each_is_tried_again_by_itself(sweeper, twin):
    StripeObject.objects.filter(kind="customers").delete()
    stores_tell(*IDS)
    silent = {**sweeper.stores, StoreName.STRIPE: twin.store(key="sk_test_of_nobody")}
    assert recompute_many(replace(sweeper, stores=silent), many=3) == 3
    assert waiting() == dict.fromkeys(IDS, 1)


def test_what_cannot_be_kept_is_tried_again_by_itself(sweeper, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("one of them")

    stores_tell(*IDS)
    monkeypatch.setattr("recon.actions.recompute_many.keep_evaluations", refuse)
    assert recompute_many(sweeper, many=3) == 3
    assert (waiting(), Recompute.objects.count()) == (dict.fromkeys(IDS, 1), 0)


def test_a_newer_evaluation_stays(sweeper, sweeper_at):
    stores_tell(*IDS)
    newest = sweeper_at(LATER + timedelta(minutes=1))
    recompute_dirty(newest, limit=1)
    mark_dirty(IDS, NOW, cause=Cause(CauseKind.POLICY))
    recompute_many(sweeper, many=1)
    assert AccountState.objects.latest("evaluated_at").evaluated_at == newest.clock()
