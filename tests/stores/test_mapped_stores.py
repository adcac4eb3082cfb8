"""A company's own schema, mapped by a file alone: the same answers, and repairs in its own words."""

import json

import pytest
from django.core.management import CommandError, call_command
from psycopg.errors import IntegrityError

from recon.actions.apply_equipment import evaluate_live
from recon.actions.evaluate import Rules
from recon.actions.sync_stripe import Pace, sync_stripe
from recon.apply.changes import changes_of
from recon.apply.coordinator import Outcome
from recon.engine.answer import answer
from recon.engine.case import read_case
from recon.engine.facts import StoreName
from recon.engine.pipeline import recompute
from recon.stores.base import RowWrite, Scope, StaleRow
from recon.stores.changes import recipe
from tests.apply.conftest import SetClock
from tests.flow.test_recompute_equals_explain import as_stripe_says, loadable_cases
from tests.stores.conftest import SECOND
from tests.support import applying

pytestmark = pytest.mark.django_db
repairs = pytest.mark.django_db(transaction=True)
CASES = [
    pytest.param(*one.values, id=one.id, marks=[] if number % 9 == 0 else [pytest.mark.long])
    for number, one in enumerate(loadable_cases())
]
WRONG = "acc_1"
UNDO = """
DROP TABLE IF EXISTS recon_changes;
DROP FUNCTION IF EXISTS recon_note_invoices, recon_note_payments, recon_note_adjustments, recon_note_contracts,
    recon_note_account_flags CASCADE;
"""


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def wrong(load_case, twin, move, mapped, clock):
    """The six, through the file, holding an account that every one of them has wrong."""
    case = applying.wrong_everywhere(WRONG)
    load_case(case)
    twin.load_case(case)
    move()
    return mapped(clock)


@pytest.mark.parametrize("case", CASES)
def test_the_same_case_gets_the_same_answer(case, load_case, twin, move, mapped):
    try:
        load_case(case)
        move()
    except IntegrityError as error:
        pytest.skip(f"the stores refuse it: {error.sqlstate}")
    twin.load_case(as_stripe_says(case))
    given = read_case(case)
    rules = Rules(given.policy, livemode=False)
    clock = SetClock()
    clock.now = given.now
    stores = mapped(clock)
    sync_stripe(stores[StoreName.STRIPE], clock=clock, pace=Pace(10_000), report=lambda *_: None)

    found = evaluate_live([case["account_id"]], stores, rules, given.now)[case["account_id"]]

    expected = answer(recompute(given.facts, given.policy, given.now))
    assert json.dumps(answer(found), indent=1, default=str) == json.dumps(expected, indent=1, default=str)


@repairs
def test_a_repair_writes_what_the_company_calls_it(wrong, clock, owner):
    coordinator = applying.coordinator(wrong, clock)
    evaluated = coordinator.recompute_now([WRONG])[WRONG]
    assert {cell.store for cell in evaluated.plan.writes} == set(StoreName)

    result = coordinator.apply(applying.order(evaluated))

    assert (result.outcome, result.sentence) == (Outcome.APPLIED, "Every store holds what was approved.")
    assert coordinator.recompute_now([WRONG])[WRONG].drift.cells == ()
    assert rows(owner) == {
        "account": [("eu", "OK", "pro", "sub_1", 1), ("us", "BAD", "x", "sub_x", 7)],
        "person": [("N", "N", True, True)],
        "debtor": [(0, 0, "N", "N", None, 1)],
        "owed": [("usd", 0, 0, 1)],
        "mark": [("no", "no", 1)],
        "may": [("on", "pro", 1, 0, 1)],
        "hold": [("A", 1, "trust", 0)],
    }


def rows(owner) -> dict[str, list[tuple]]:
    """The rows that the engine may write, as the company has them."""
    asked = {
        "account": ("subs_account", 'tenant, standing, plan, sub_ref, lock_no FROM crm."Customer Account" ORDER BY 1'),
        "person": ("subs_customer", "\"pays?\", late, never_paid, changed_at > '2026-01-01' FROM crm.person"),
        "debtor": ("subs_dunning", "stage, raw_stage, owes, lost, oldest, v FROM collections.debtor"),
        "owed": ("subs_dunning", "trim(cur), due_cents, lost_cents, v FROM collections.owed"),
        "mark": ("billing_prod", "owes, lost, v FROM fin.mark"),
        "may": ("cf_prod", "active, plan, restricted, suspended, v FROM access.may"),
        "hold": ("cf_prod", "why, how, by_whom, v FROM access.hold"),
    }
    return {name: owner(store).execute(f"SELECT {what}").fetchall() for name, (store, what) in asked.items()}


@repairs
def test_rows_that_are_not_there_are_added_in_the_company_s_words(wrong, clock, owner):
    owner("subs_dunning").execute("TRUNCATE collections.debtor")
    owner("cf_prod").execute("TRUNCATE access.may, access.hold")
    owner("billing_prod").execute("TRUNCATE fin.mark")
    owner("billing_prod").execute("UPDATE fin.bill SET st = 'I'")
    coordinator = applying.coordinator(wrong, clock)

    evaluated = coordinator.recompute_now([WRONG])[WRONG]
    assert coordinator.apply(applying.order(evaluated)).outcome is Outcome.APPLIED

    assert coordinator.recompute_now([WRONG])[WRONG].drift.cells == ()
    said = rows(owner)
    assert {name: said[name] for name in ("mark", "may", "hold")} == {
        "mark": [("yes", "yes", 0)],
        "may": [("off", "free", 1, 1, 0)],
        "hold": [("D", 2, "recon", 0)],
    }


@pytest.mark.parametrize(
    ("store", "statement", "told"),
    [
        (
            "subs_account",
            'UPDATE crm."Customer Account" SET st = 3',
            "subs_account.accounts[acc_1].status holds '3'",
        ),
        ("cf_prod", "UPDATE access.hold SET how = 7 WHERE why = 'A'", "cf_prod.blocks[acc_1, abuse].level holds '7'"),
        ("cf_prod", "UPDATE access.hold SET why = 'Z' WHERE why = 'A'", "cf_prod.blocks[acc_1, Z].reason holds 'Z'"),
    ],
)
def test_a_value_that_nobody_translated_is_unknown_and_named(wrong, clock, owner, store, statement, told):
    owner(store).execute(statement)
    found = applying.evaluation(wrong, WRONG, clock())
    assert not found.verdict.known
    assert told in (wrong[StoreName(store)].read(Scope.of(WRONG)).reason or "")


@repairs
def test_a_derived_value_that_nobody_translated_is_drift_and_is_repaired(wrong, clock, owner):
    owner("subs_dunning").execute("UPDATE collections.debtor SET owes = '?', stage = 77, v = NULL")
    owner("cf_prod").execute("UPDATE access.hold SET how = 7 WHERE why = 'D'")
    coordinator = applying.coordinator(wrong, clock)

    evaluated = coordinator.recompute_now([WRONG])[WRONG]
    stored = {(cell.table, cell.column): cell.stored for cell in evaluated.drift.cells}
    assert [stored[one] for one in (("dunning", "has_debt"), ("dunning", "state"), ("blocks", "level"))] == [
        None,
        "? 77",
        "? 7",
    ]
    assert coordinator.apply(applying.order(evaluated)).outcome is Outcome.APPLIED

    said = rows(owner)
    assert {name: said[name] for name in ("debtor", "hold")} == {
        "debtor": [(0, 0, "N", "N", None, 1)],
        "hold": [("A", 1, "trust", 0)],
    }


@repairs
@pytest.mark.parametrize("meanwhile", ["owes = 'Y'", "stage = 1", "stage = 78", "v = 5"])
def test_what_was_untranslated_and_is_no_longer_is_not_overwritten(wrong, clock, owner, meanwhile):
    owner("subs_dunning").execute("UPDATE collections.debtor SET owes = '?', stage = 77, v = NULL")
    coordinator = applying.coordinator(wrong, clock)
    evaluated = coordinator.recompute_now([WRONG])[WRONG]
    branch = wrong[StoreName.SUBS_DUNNING].branch()
    owner("subs_dunning").execute(f"UPDATE collections.debtor SET {meanwhile}")
    branch.send_writes("recon.test.x.subs_dunning", changes_of(evaluated.plan.writes, None, clock()).rows[branch.store])
    with pytest.raises(StaleRow):
        branch.await_writes()
    branch.abandon()


@repairs
def test_a_value_that_nobody_translates_is_put_back_as_it_was(wrong, owner):
    store, gid = wrong[StoreName.SUBS_DUNNING], "recon.test.x.subs_dunning"
    back = (("state", "? 77"), ("raw_state", "clear"))
    write = RowWrite("dunning", (("account_id", WRONG),), (), back, 0)
    owner("subs_dunning").execute("UPDATE collections.debtor SET v = 0")
    branch = store.branch()
    branch.send_writes(gid, [write])
    branch.await_writes()
    branch.send_prepare()
    branch.await_prepare()
    finish = store.send_commit(gid, [write])
    assert (finish.outcome(), finish.read_back()) == (True, [{**dict(back), "row_version": 1}])
    assert owner("subs_dunning").execute("SELECT stage FROM collections.debtor").fetchall() == [(77,)]


def test_another_account_is_read_all_the_same(wrong, clock, owner):
    owner("subs_account").execute(
        """INSERT INTO crm."Customer Account" VALUES ('eu', 'acc_2', 3, NULL, NULL, NULL, 'OK', 0, now())"""
    )
    read = wrong[StoreName.SUBS_ACCOUNT].read_many([Scope.of(WRONG), Scope.of("acc_2")])
    assert {account: reading.ok for account, reading in read.items()} == {WRONG: True, "acc_2": False}


def test_a_moment_beyond_every_calendar_fails_its_account_alone(wrong, owner):
    owner("billing_prod").execute(
        "INSERT INTO fin.bill VALUES ('b_9', 'acc_2', NULL, 'I', 'usd', 1, NULL, NULL, NULL, 9000000000000000, NULL)"
    )
    read = wrong[StoreName.BILLING_PROD].read_many([Scope.of(WRONG), Scope.of("acc_2")])
    assert {account: reading.ok for account, reading in read.items()} == {WRONG: True, "acc_2": False}
    assert "billing_prod.invoices[b_9].period_end" in (read["acc_2"].reason or "")


def test_the_sweep_meets_the_accounts_of_the_filter_alone(wrong, owner):
    owner("subs_account").execute(
        """INSERT INTO crm."Customer Account" VALUES ('us', 'acc_9', 1, NULL, NULL, NULL, 'OK', 0, now())"""
    )
    assert [store.account_ids("", 10) for name, store in wrong.items() if name is not StoreName.STRIPE] == [[WRONG]] * 5


def test_a_change_there_changes_the_number_of_its_rows(wrong, owner):
    store = wrong[StoreName.SUBS_ACCOUNT]
    before = store.fingerprints([WRONG])[WRONG]
    owner("subs_account").execute("""UPDATE crm."Customer Account" SET plan = 'y' WHERE tenant = 'us'""")
    assert store.fingerprints([WRONG])[WRONG] == before
    owner("subs_account").execute("""UPDATE crm."Customer Account" SET st = 2 WHERE tenant = 'eu'""")
    assert store.fingerprints([WRONG])[WRONG] != before


@repairs
def test_what_changed_meanwhile_is_not_overwritten(wrong, clock, owner):
    coordinator = applying.coordinator(wrong, clock)
    evaluated = coordinator.recompute_now([WRONG])[WRONG]
    owner("subs_customer").execute("UPDATE crm.person SET changed_at = now()")
    result = coordinator.apply(applying.order(evaluated))
    assert (result.outcome, result.code) == (Outcome.REFUSED, "stale")


def test_the_recipe_notes_the_changes_of_the_company_s_tables(wrong, owner):
    billing = owner("billing_prod")
    billing.execute(recipe(wrong[StoreName.BILLING_PROD], "recon_engine_billing_prod"))
    try:
        billing.execute("UPDATE fin.mark SET owes = 'no'")
        billing.execute("INSERT INTO fin.correction VALUES ('adj_1', 'inv_1', NULL, 'REFUND', 1, 'usd', now(), NULL)")
        noted = billing.execute("SELECT account_id FROM recon_changes").fetchall()
    finally:
        billing.execute(UNDO)
    assert noted == [(WRONG,), (WRONG,)]


def test_the_recipe_finds_the_invoice_whatever_types_its_key_has(wrong, owner):
    billing, number = owner("billing_prod"), "6f1c0000-0000-4000-8000-000000000001"
    billing.execute("TRUNCATE fin.bill; ALTER TABLE fin.bill ALTER no TYPE uuid USING no::uuid")
    billing.execute(recipe(wrong[StoreName.BILLING_PROD], "recon_engine_billing_prod"))
    try:
        billing.execute(
            "INSERT INTO fin.bill (no, acct, st, cur, cents) VALUES (%s, %s, 'I', 'usd', 1)", [number, WRONG]
        )
        billing.execute("TRUNCATE recon_changes")
        billing.execute(
            "INSERT INTO fin.correction VALUES ('adj_1', %s, NULL, 'REFUND', 1, 'usd', now(), NULL)", [number]
        )
        noted = billing.execute("SELECT account_id FROM recon_changes").fetchall()
    finally:
        billing.execute(UNDO)
        billing.execute("ALTER TABLE fin.bill ALTER no TYPE text")
    assert noted == [(WRONG,)]


def test_map_shows_the_facts_as_they_are_read(wrong, owner, settings, capsys):
    settings.STORE_MAPPING = SECOND / "mapping.toml"
    call_command("map", "--test", WRONG)
    told = capsys.readouterr().out
    assert f"subs_account.accounts: 1\n  account_id={WRONG}  status=open  closed_at=None" in told
    owner("subs_dunning").execute("UPDATE collections.debtor SET owes = '?'")
    call_command("map", "--test", WRONG)
    assert "subs_dunning.dunning[acc_1].has_debt holds '?'" in capsys.readouterr().err
    owner("cf_prod").execute("UPDATE access.hold SET how = 7 WHERE why = 'A'")
    with pytest.raises(CommandError, match=r"cf_prod.blocks\[acc_1, abuse\].level holds '7'"):
        call_command("map", "--test", WRONG, "--json")
    levels = [row["level"] for row in json.loads(capsys.readouterr().out)["cf_prod"]["tables"]["blocks"]]
    assert sorted(levels) == ["? 7", "suspend"]


def test_map_shows_where_each_table_is(settings, capsys):
    settings.STORE_MAPPING = SECOND / "mapping.toml"
    call_command("map")
    assert "subs_account.accounts           crm.Customer Account\n" in capsys.readouterr().out


@repairs
@pytest.mark.parametrize(
    ("now", "then", "sentence"),
    [
        ('row_version = "lock_no"', "row_version = { absent = true }", "its rows have no version to compare"),
        ('plan_code = "plan"', "plan_code = { absent = true }", "plan_code has no column there"),
    ],
)
def test_what_may_only_be_read_is_refused_for_apply(wrong, clock, mapped, tmp_path, now, then, sentence):
    path = tmp_path / "stores.toml"
    path.write_text((SECOND / "mapping.toml").read_text().replace(now, then, 1))
    coordinator = applying.coordinator(mapped(clock, path), clock)
    evaluated = coordinator.recompute_now([WRONG])[WRONG]
    result = coordinator.apply(applying.order(evaluated))
    assert (result.outcome, result.code, sentence in result.sentence) == (Outcome.REFUSED, "read_only", True)
    assert coordinator.recompute_now([WRONG])[WRONG].drift == evaluated.drift


def test_an_account_is_found_by_the_index_of_the_company_s_table(wrong, owner):
    (accounts,) = wrong[StoreName.SUBS_ACCOUNT].tables
    reader = owner("subs_account")
    reader.execute("SET enable_seqscan = off")
    plan = "\n".join(line for (line,) in reader.execute(b"EXPLAIN " + accounts.select(), {"accounts": "{acc_1}"}))
    assert '"Customer Account_pkey"' in plan
    assert 'Index Cond: ((("No")::text = ANY (' in plan
