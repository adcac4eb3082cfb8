"""A sweep passes over an account only while nothing that its answer came from has changed."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from recon.actions.dirty import Cause, CauseKind, claim, mark_dirty
from recon.actions.evaluate import Rules, evaluate
from recon.actions.keep_evaluations import keep_evaluations
from recon.actions.read_stores import read_live
from recon.actions.run_sweep import Reports, run_sweep, work_here
from recon.actions.sweep import begin_sweep, open_chunks, sweep_chunk
from recon.actions.sync_stripe import Pace
from recon.actions.unchanged_shards import leave_out_unchanged
from recon.engine.facts import StoreName
from recon.engine.policy import Policy
from recon.models import AccountState, Evaluation, StripeObject, SweepChunk, SweepRun, Trigger
from recon.queries.account import account_view
from recon.queries.runs import looked_at
from recon.sandbox.population import seed
from recon.stores.subs_dunning import SubsDunning
from tests.actions.conftest import NOW

CLEAN = "settled_in_both_stores"
DRIFTED = "paid_after_suspension"
SILENT = Reports(lambda *_: None, lambda *_: None)
LATER = NOW + timedelta(minutes=5)
OTHER_CUSTOMER = "insert into customers (account_id, {}) values ('acc_9', '{}')"


CHANGES = (
    ("subs_account", "accounts", "payment_status = 'bad_debt'"),
    ("subs_customer", "customers", "has_payment_method = not has_payment_method"),
    ("subs_customer", "customers", "merged_into = 'acc_1'"),
    ("subs_dunning", "dunning", "has_debt = not has_debt"),
    ("billing_prod", "invoices", "due_at = due_at - interval '90 days'"),
    ("billing_prod", "payments", "status = 'failed'"),
    ("cf_prod", "entitlements", "restricted = not restricted"),
)


def sweep(sweeper, *, full=False) -> dict[str, int]:
    """What became of the accounts."""
    run = run_of(sweeper, full=full)
    of_chunks = run.chunks.values_list("counts", flat=True)
    return dict(+sum(map(Counter, of_chunks), Counter(unchanged=run.unchanged)))


def run_of(sweeper, *, full=False) -> SweepRun:
    work = work_here(lambda: sweeper)
    return run_sweep(sweeper, actor="test", pace=Pace(10_000), work=work, reports=SILENT, full=full)


@pytest.fixture
def swept(sweeper_at, told):
    """A clean account, evaluated by a sweep."""
    told(CLEAN)
    assert sweep(sweeper_at()) == {"known": 1}


def test_an_unchanged_account_is_looked_at_and_not_evaluated(sweeper_at, swept):
    assert sweep(sweeper_at(LATER)) == {"unchanged": 1}
    view = account_view("acc_1")
    assert (view.evaluated_at, view.changed_at) == (LATER, NOW)
    assert {store.as_of for store in view.stores.values()} == {LATER}
    assert AccountState.objects.get().evaluated_at == NOW


def test_an_account_that_drifts_is_evaluated_by_every_sweep(sweeper_at, told):
    told(DRIFTED)
    sweep(sweeper_at())
    assert sweep(sweeper_at(LATER)) == {"known": 1}


@pytest.mark.parametrize(
    ("store", "change"),
    [
        ("subs_account", "update accounts set closed_at = '2026-01-01'"),
        ("subs_customer", "update customers set name = 'Another'"),
        ("subs_customer", OTHER_CUSTOMER.format("merged_into", "acc_1")),
        ("subs_customer", OTHER_CUSTOMER.format("stripe_customer_id", "cus_1")),
        ("subs_customer", "insert into customer_aliases values ('cus_1', 'acc_9')"),
        (
            "subs_dunning",
            "insert into intents (intent_id, account_id, kind) values ('i_1', 'acc_1', 'enforcement_off')",
        ),
        ("subs_dunning", "insert into balances (account_id, currency) values ('acc_1', 'usd')"),
        ("billing_prod", "update invoices set total_minor = total_minor + 1"),
        ("billing_prod", "update payments set account_id = 'acc_9'"),
        ("billing_prod", "delete from payments"),
        (
            "billing_prod",
            "insert into adjustments select 'adj_1', invoice_id, null, 'refund', 1, 'usd', now() from invoices",
        ),
        ("billing_prod", "insert into contracts (account_id, segment) values ('acc_1', 'internal')"),
        ("cf_prod", "insert into blocks (account_id, reason, level) values ('acc_1', 'abuse', 'restrict')"),
    ],
)
def test_whatever_changes_in_a_database_is_evaluated(sweeper_at, swept, owner, store, change):
    owner(store).execute(change)
    sweep(sweeper_at(LATER))
    assert AccountState.objects.get(account_id="acc_1").evaluated_at == LATER
    assert "unchanged" not in SweepChunk.objects.latest("id").counts


@pytest.mark.parametrize(
    "change",
    [
        {"customers": [{"id": "cus_9", "object": "customer", "created": 1, "metadata": {"account_id": "acc_1"}}]},
        {
            "charges": [
                {"id": "ch_9", "object": "charge", "created": 1, "customer": "cus_1", "status": "failed", "amount": 5}
            ]
        },
    ],
    ids=["a customer claims it", "a charge of its customer"],
)
def test_whatever_is_new_in_stripe_is_evaluated(sweeper_at, swept, twin, change):
    twin.load(**change)
    assert "unchanged" not in sweep(sweeper_at(LATER))


@pytest.mark.parametrize("change", [{"content_hash": "of something else"}, {"account_id": "acc_9"}, {"customer": None}])
def test_whatever_changes_in_the_mirror_is_evaluated(sweeper_at, swept, change):
    StripeObject.objects.filter(kind="customers").update(**change)
    later = sweeper_at(LATER)
    sweep_chunk(open_chunks(begin_sweep(later, actor="test"))[0], later)
    assert "unchanged" not in SweepChunk.objects.latest("id").counts


def test_other_rules_evaluate_everybody(sweeper_at, swept):
    other = sweeper_at(LATER, Policy(plans={"price_pro": "pro"}, dust_minor=51))
    assert sweep(other) == {"known": 1}
    newer = replace(other, rules=Rules(other.rules.policy, livemode=False, version=2))
    assert sweep(newer) == {"known": 1}


def test_a_moment_at_which_time_alone_may_change_the_answer_is_evaluated(sweeper_at, told, owner):
    told(CLEAN)
    intent = "insert into intents (intent_id, account_id, kind, until) values ('i_1', 'acc_1', 'enforcement_off', %s)"
    owner("subs_dunning").execute(intent, [NOW + timedelta(minutes=10)])
    sweep(sweeper_at())
    assert sweep(sweeper_at(LATER)) == {"unchanged": 1}
    assert sweep(sweeper_at(NOW + timedelta(minutes=10))) == {"known": 1}


def test_what_changed_and_changed_back_is_not_taken_for_unchanged(sweeper_at, swept, owner):
    owner("subs_dunning").execute("insert into dunning (account_id, state) values ('acc_1', 'grace')")
    sweeper = sweeper_at(NOW + timedelta(minutes=1))
    live = evaluate("acc_1", read_live(sweeper.stores, "acc_1"), sweeper.rules, sweeper.clock())
    keep_evaluations([live], trigger=Trigger.EVENT, actor="test")
    assert AccountState.objects.get().drifted_cells > 0
    owner("subs_dunning").execute("delete from dunning")
    assert sweep(sweeper_at(LATER)) == {"known": 1}
    assert AccountState.objects.get().drifted_cells == 0


def test_a_silent_store_proves_nobody_unchanged(sweeper_at, swept):
    later = sweeper_at(LATER)
    down = SubsDunning("postgresql://nobody@127.0.0.1:1/subs_dunning", clock=later.clock)
    stores = {**later.stores, StoreName.SUBS_DUNNING: down}
    assert leave_out_unchanged(stores, later.rules, LATER) is None
    chunk = SweepChunk.objects.create(run=SweepRun.objects.create(started_at=LATER), number=0, account_ids=["acc_1"])
    sweep_chunk(chunk.id, replace(later, stores=stores))
    assert not AccountState.objects.get().is_known


def test_an_account_that_a_worker_has_in_hand_is_not_left_out(sweeper_at, swept):
    mark_dirty(["acc_1"], NOW, cause=Cause(CauseKind.PERSON))
    claim(now=NOW, limit=1)
    assert sweep(sweeper_at(LATER)) == {"known": 1}


def test_among_many_only_those_are_due_whose_shard_changed(sweeper_at, told, owner):
    for number in range(1, 129):
        told(CLEAN, number)
    sweep(sweeper_at())
    owner("subs_account").execute("update accounts set closed_at = '2026-01-01' where account_id = 'acc_7'")
    owner("subs_customer").execute("insert into customers (account_id) values ('acc_new')")
    run = run_of(sweeper_at(LATER))
    due = {account_id for chunk in run.chunks.all() for account_id in chunk.account_ids}
    assert {"acc_7", "acc_new"} <= due
    assert (run.accounts, run.unchanged, looked_at(run.id)["evaluated"]) == (129, 129 - len(due), 2)


def test_a_full_sweep_evaluates_everybody_and_counts_what_the_others_missed(sweeper_at, swept):
    assert sweep(sweeper_at(LATER), full=True) == {"known": 1}
    Evaluation.objects.update(content_hash="of something else")
    assert sweep(sweeper_at(LATER + timedelta(minutes=1)), full=True) == {"known": 1, "missed": 1}


@pytest.mark.long
def test_a_sweep_finds_every_change_of_a_whole_population(sweeper_at, sandbox, owner):
    seed(sandbox.env(), 400, now=NOW)
    run_of(sweeper_at())
    assert looked_at(run_of(sweeper_at(LATER)).id)["unchanged"] > 100
    for number, (store, table, change) in enumerate(CHANGES):
        owner(store).execute(f"update {table} set {change} where hashtextextended(account_id, {number}) % 20 = 0")
    assert looked_at(run_of(sweeper_at(LATER + timedelta(minutes=1))).id)["unchanged"] > 0
    assert looked_at(run_of(sweeper_at(LATER + timedelta(minutes=2)), full=True).id)["missed"] == 0
