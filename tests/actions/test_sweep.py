"""A sweep misses no account, stops at none, and trusts the mirror only as far as it may."""

from dataclasses import replace
from datetime import timedelta

from django.conf import settings

from recon.actions import sweep as sweeping
from recon.actions.run_sweep import Reports, run_sweep, work_here
from recon.actions.sweep import begin_sweep, finish_sweep, known_accounts, open_chunks, sweep_chunk
from recon.actions.sync_stripe import Pace
from recon.engine.facts import StoreName
from recon.models import AccountState, Dirty, Evaluation
from recon.queries.drift import drift_numbers, plans
from recon.stores.subs_account import SubsAccount
from recon.stores.subs_dunning import SubsDunning
from tests.actions.conftest import NOW

FAST = Pace(10_000)
SILENT = Reports(lambda *_: None, lambda *_: None)
DRIFTED = "paid_after_suspension"
CLEAN = "settled_in_both_stores"


def sweep(sweeper):
    return run_sweep(sweeper, actor="test", pace=FAST, work=work_here(lambda: sweeper), reports=SILENT)


def states() -> dict[str, str | None]:
    return dict(AccountState.objects.order_by("account_id").values_list("account_id", "state"))


def test_every_account_that_any_store_knows_is_swept(sweeper_at, owner, twin, sync):
    owner("subs_account").execute("insert into accounts (account_id, status) values ('acc_b', 'open')")
    owner("billing_prod").execute("insert into contracts (account_id, segment) values ('acc_c', 'contract')")
    owner("cf_prod").execute("insert into entitlements (account_id) values ('acc_a')")
    twin.load(customers=[{"id": "cus_9", "object": "customer", "created": 1, "metadata": {"account_id": "acc_z"}}])
    sweeper = sweeper_at()
    sync(sweeper)
    assert list(known_accounts(sweeper.stores)) == ["acc_a", "acc_b", "acc_c", "acc_z"]


def test_the_numbers_of_a_sweep_are_those_of_its_accounts(sweeper_at, told):
    for number in range(1, 4):
        told(DRIFTED, number)
    told(CLEAN, 4)
    run = sweep(sweeper_at())
    assert run.counts == drift_numbers().as_json()
    assert run.counts["headlines"] == {
        "stuck_in_bad_debt": 3,
        "inconsistent_debt_flags": 0,
        "no_successful_payment": 3,
    }
    assert [one.account_id for one in plans(after="acc_1", limit=2)] == ["acc_2", "acc_3"]


def test_a_second_sweep_of_the_same_facts_adds_nothing(sweeper_at, told):
    told(DRIFTED)
    sweep(sweeper_at())
    sweep(sweeper_at(NOW + timedelta(minutes=1)))
    assert Evaluation.objects.count() == 1
    assert AccountState.objects.get().evaluated_at == NOW + timedelta(minutes=1)


def test_a_sweep_that_was_cut_off_goes_on_with_the_chunks_that_are_left(sweeper_at, told, monkeypatch, sync):
    monkeypatch.setattr(sweeping, "CHUNK", 1)
    told(DRIFTED, 1)
    told(CLEAN, 2)
    sweeper = sweeper_at()
    sync(sweeper)
    run = begin_sweep(sweeper, actor="test")
    sweep_chunk(open_chunks(run)[0], sweeper)
    assert finish_sweep(run, now=NOW).finished_at is None
    again = begin_sweep(sweeper, actor="test")
    assert (again.id, len(open_chunks(again))) == (run.id, 1)
    sweep_chunk(open_chunks(again)[0], sweeper)
    assert finish_sweep(again, now=NOW).finished_at == NOW
    assert states() == {"acc_1": "clear", "acc_2": "clear"}


def test_a_database_that_sorts_by_a_language_brings_nobody_twice_into_a_chunk(sweeper_at, told, sync):
    class Otherwise(SubsAccount):
        def account_ids(self, after: str, limit: int) -> list[str]:
            return [] if after else super().account_ids(after, limit)[::-1]

    told(DRIFTED, 1)
    told(CLEAN, 2)
    sweeper = sweeper_at()
    sync(sweeper)
    accounts = Otherwise(settings.STORES[StoreName.SUBS_ACCOUNT], clock=sweeper.clock)
    sorts_otherwise = replace(sweeper, stores={**sweeper.stores, StoreName.SUBS_ACCOUNT: accounts})
    run = begin_sweep(sorts_otherwise, actor="test")
    for chunk_id in open_chunks(run):
        sweep_chunk(chunk_id, sorts_otherwise)
    assert states() == {"acc_1": "clear", "acc_2": "clear"}


def test_a_store_that_is_down_makes_every_verdict_unknown_and_says_which(sweeper_at, told, sync):
    told(DRIFTED)
    sweeper = sweeper_at()
    sync(sweeper)
    run = begin_sweep(sweeper, actor="test")
    down = SubsDunning("postgresql://nobody@127.0.0.1:1/subs_dunning", clock=sweeper.clock)
    broken = replace(sweeper, stores={**sweeper.stores, StoreName.SUBS_DUNNING: down})
    sweep_chunk(open_chunks(run)[0], broken)
    state = AccountState.objects.select_related("evaluation").get()
    assert (state.is_known, state.writes, state.drifted_cells) == (False, 0, 0)
    assert "subs_dunning" in state.evaluation.reasons[0]
    assert state.reads["subs_dunning"]["ok"] is False


def test_a_drifted_account_is_read_from_stripe_itself_when_the_mirror_is_old(sweeper_at, told, sync):
    told(DRIFTED)
    told(CLEAN, 2)
    sync(sweeper_at())
    later = sweeper_at(NOW + timedelta(hours=1))
    sweep_chunk(open_chunks(begin_sweep(later, actor="test"))[0], later)
    drifted = AccountState.objects.get(account_id="acc_1")
    assert (drifted.is_known, drifted.reads["stripe"]["as_of"]) == (True, "2026-03-20T01:00:00Z")


def test_a_deleted_customer_is_told_from_one_that_never_was(sweeper_at, told):
    told("deleted_customer_debt_stays")
    run = sweep(sweeper_at())
    assert (run.counts["verdicts"], run.counts["findings"]["identity"]) == ({"known": 1, "unknown": 0}, 0)


def test_with_stripe_out_of_reach_nothing_is_called_clean(sweeper_at, told, twin):
    told(DRIFTED)
    twin.fault("html_502", times=1_000)
    run = sweep(sweeper_at())
    assert run.counts["verdicts"] == {"known": 0, "unknown": 1}


def test_an_account_that_has_left_every_store_loses_its_last_state(sweeper_at, told, owner):
    told(DRIFTED)
    told(CLEAN, 2)
    sweep(sweeper_at())
    for store, table in (("subs_account", "accounts"), ("subs_customer", "customers")):
        owner(store).execute(f"delete from {table} where account_id = 'acc_1'")
    run = sweep(sweeper_at(NOW + timedelta(minutes=1)))
    assert run.counts["verdicts"] == {"known": 1, "unknown": 1}
    assert not AccountState.objects.get(account_id="acc_1").is_known


def test_one_account_whose_read_failed_is_tried_again_and_stops_nobody_else(sweeper_at, told, owner):
    for number in (1, 2, 3):
        told(CLEAN, number)
    owner("billing_prod").execute("update invoices set issued_at = '10000-01-01' where account_id = 'acc_2'")
    sweep(sweeper_at())
    assert list(Dirty.objects.values_list("account", flat=True)) == ["acc_2"]
    assert "issued_at" in AccountState.objects.get(account_id="acc_2").evaluation.reasons[0]
    assert states() == {"acc_1": "clear", "acc_2": None, "acc_3": "clear"}
