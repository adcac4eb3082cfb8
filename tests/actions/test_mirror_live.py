"""What a recompute read live of Stripe is what the next sweep reads too."""

from datetime import timedelta

import pytest

from recon.actions.dirty import mark_dirty
from recon.actions.mirror_live import keep_customers
from recon.actions.recompute_dirty import recompute_dirty
from recon.actions.sweep import begin_sweep, open_chunks, sweep_chunk
from recon.models import AccountState, Dirty, Evaluation, StripeObject
from tests.actions.conftest import NOW

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=1)


def recompute(sweeper_at):
    mark_dirty(["acc_1"], LATER)
    recompute_dirty(sweeper_at(LATER), limit=9)


def test_a_sweep_agrees_with_the_recompute_before_it(told, twin, sync, sweeper_at):
    told("paid_after_suspension")
    sync(sweeper_at())
    twin.load_over("subscription", "sub_1", status="canceled", ended_at=1, canceled_at=1)
    recompute(sweeper_at)
    seen = AccountState.objects.get().evaluation_id
    sweeper = sweeper_at(LATER + timedelta(minutes=1))
    for chunk_id in open_chunks(begin_sweep(sweeper, actor="test")):
        sweep_chunk(chunk_id, sweeper)
    assert (AccountState.objects.get().evaluation_id, Evaluation.objects.count()) == (seen, 1)


def test_what_stripe_deleted_leaves_the_mirror(told, twin, sync, sweeper_at):
    told("paid_after_suspension")
    sync(sweeper_at())
    gone = StripeObject.objects.filter(kind="invoices").first().id
    twin.conn.execute("delete from objects where id = %s", [gone])
    twin.conn.commit()
    recompute(sweeper_at)
    assert not StripeObject.objects.filter(id=gone).exists()


def test_a_read_that_failed_leaves_the_mirror_alone(told, twin, sync, sweeper_at):
    told("paid_after_suspension")
    sync(sweeper_at())
    before = list(StripeObject.objects.order_by("id").values_list("id", "read_at"))
    twin.fault("html_502", times=1_000)
    recompute(sweeper_at)
    assert list(StripeObject.objects.order_by("id").values_list("id", "read_at")) == before


def test_a_claim_that_moves_makes_both_accounts_look_again():
    def claims(account_id):
        keep_customers([{"id": "cus_1", "metadata": {"account_id": account_id}}], NOW, asked_for="acc_1")

    claims("acc_1")
    claims("acc_2")
    claims("acc_3")
    assert dict(Dirty.objects.values_list("account", "gen")) == {"acc_2": 2, "acc_3": 1}
