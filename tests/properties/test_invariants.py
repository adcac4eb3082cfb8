"""The invariants I1 and I3 to I11 of the contract, each over worlds that nobody wrote by hand. I2 has its own file."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from recon.engine.answer import answer
from recon.engine.case import read_case
from recon.engine.drift import Cell
from recon.engine.enums import DebtState, StoreName
from recon.engine.facts import Stored
from recon.engine.inverse import Written, inverse_of
from recon.engine.pipeline import Evaluation, recompute
from recon.engine.rules.identity import family_of, identify
from recon.engine.schema import TABLES, Kind
from tests.properties.applying import applied
from tests.properties.worlds import ACCOUNT, CUSTOMER, NOW, Case, copied, epoch, rfc3339, worlds
from tests.support.kept import golden

many = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def evaluate(case: Case) -> Evaluation:
    read = read_case(case)
    return recompute(read.facts, read.policy, read.now)


def state_of(case: Case) -> DebtState:
    truth = evaluate(case).truth
    assert truth is not None
    return truth.state


@many
@given(worlds())
def test_i1_apply_then_recompute_is_a_fixed_point(case: Case) -> None:
    before = evaluate(case)
    after = evaluate(applied(case, before.plan.writes))
    assert after.truth == before.truth
    assert after.drift.cells == ()
    assert after.plan.writes == ()


@many
@given(worlds())
def test_i1_apply_and_undo_is_where_one_was(case: Case) -> None:
    before = evaluate(case)
    repaired = applied(case, before.plan.writes)
    facts = read_case(repaired).facts
    left = [replace(cell, row_version=_version_after(cell)) for cell in before.plan.writes]
    inverse = inverse_of("1", map(Written, left), facts, identify(facts, family_of(facts)))
    undone = evaluate(applied(repaired, inverse.plan.writes))
    if not inverse.is_withheld:
        assert inverse.left_out == ()
        assert held_by(undone) == held_by(before)
    assert undone.truth == before.truth


def _version_after(cell: Cell) -> int | None:
    is_gone = cell.store is StoreName.STRIPE or (cell.table == "blocks" and cell.truth is None)
    return None if is_gone else (cell.row_version or 0) + 1


def held_by(evaluation: Evaluation) -> list[tuple[str, Stored]]:
    return [(cell.place, cell.stored) for cell in evaluation.drift.cells]


@many
@given(worlds())
def test_i3_no_fact_or_intent_is_ever_written(case: Case) -> None:
    for write in evaluate(case).plan.writes:
        if write.store is StoreName.STRIPE:
            assert write.column in ("metadata.debt_state", "metadata.account_id")
        elif write.table != "blocks":
            columns = {column.name: column.kind for column in TABLES[write.store][write.table].columns}
            assert columns[write.column] is Kind.DERIVED


@many
@given(worlds())
def test_i4_no_block_but_billing_debt_changes(case: Case) -> None:
    blocks = [write for write in evaluate(case).plan.writes if write.table == "blocks"]
    assert all(write.key == (("account_id", ACCOUNT), ("reason", "billing_debt")) for write in blocks)


@many
@given(worlds(), st.data())
def test_i5_every_invoice_settled_in_either_store_is_clear(case: Case, data: st.DataObject) -> None:
    settled = copied(case)
    settled["stores"]["stripe"]["disputes"] = []
    billing, stripe = settled["stores"]["billing_prod"], settled["stores"]["stripe"]
    billing["adjustments"] = [row for row in billing["adjustments"] if row["kind"] != "reversal"]
    in_stripe = {invoice["id"] for invoice in stripe["invoices"]}
    for row in billing["invoices"]:
        if row["stripe_invoice_id"] not in in_stripe or data.draw(st.booleans()):
            credited = {"invoice_id": row["invoice_id"], "payment_id": None, "kind": "credit_note"}
            credited |= {"amount_minor": row["total_minor"], "currency": row["currency"], "effective_at": rfc3339(NOW)}
            if row["total_minor"]:
                billing["adjustments"].append({**credited, "adjustment_id": f"credit_{row['invoice_id']}"})
    credited_ids = {row["invoice_id"] for row in billing["adjustments"] if row["adjustment_id"].startswith("credit_")}
    spared = {row["stripe_invoice_id"] for row in billing["invoices"] if row["invoice_id"] in credited_ids}
    for invoice in stripe["invoices"]:
        if invoice["id"] not in spared:
            invoice |= {"status": "paid", "amount_remaining": 0, "amount_paid": invoice["total"]}
    assert state_of(settled) is DebtState.CLEAR


@many
@given(worlds(), st.sampled_from(StoreName))
def test_i6_a_failed_read_adds_no_severity_and_writes_nothing(case: Case, store: StoreName) -> None:
    failed = copied(case) | {"reads": {store: {"ok": False, "reason": "the server does not answer"}}}
    evaluation = evaluate(failed)
    assert not evaluation.verdict.known
    assert evaluation.truth is None
    assert evaluation.plan.writes == ()
    assert evaluation.plan.proposals == ()
    assert evaluation.plan.risk is None


@st.composite
def settled_payments(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "payment_id": "pay_new",
        "account_id": ACCOUNT,
        "invoice_id": draw(st.sampled_from(("inv_0", "inv_1", None))),
        "rail": draw(st.sampled_from(("stripe", "offline"))),
        "method": "wire",
        "processor_ref": draw(st.sampled_from((None, "pi_0", "pi_new"))),
        "status": "settled",
        "amount_minor": draw(st.sampled_from((1, 50, 1000, 5000))),
        "currency": draw(st.sampled_from(("eur", "usd"))),
        "created_at": rfc3339(NOW),
    }


@many
@given(worlds(), settled_payments())
def test_i7_a_settled_payment_never_adds_severity(case: Case, payment: dict[str, Any]) -> None:
    paid = copied(case)
    payments = paid["stores"]["billing_prod"]["payments"]
    assume(all(row["processor_ref"] is None or row["processor_ref"] != payment["processor_ref"] for row in payments))
    payments.append(payment)
    before, after = evaluate(case).truth, evaluate(paid).truth
    assert before is not None
    assert after is not None
    assert after.state.severity <= before.state.severity
    assert after.has_no_successful_payment <= before.has_no_successful_payment


@many
@given(worlds(), st.integers(0, 200), st.sampled_from((0, 1, 43_200)))
def test_i8_time_alone_never_lowers_severity(case: Case, days: int, seconds: int) -> None:
    lasting = copied(case)
    for intent in lasting["stores"]["subs_dunning"]["intents"]:
        if intent["kind"] == "approve_escalation":
            intent["until"] = None
    later = copied(lasting) | {"now": rfc3339(NOW + timedelta(days=days, seconds=seconds))}
    assert state_of(later).severity >= state_of(lasting).severity


@many
@given(worlds(), st.booleans())
def test_i9_one_witness_never_goes_beyond_past_due(case: Case, ledger: bool) -> None:
    alone = copied(case)
    alone["stores"]["billing_prod"]["contracts"] = []
    if ledger:
        alone["stores"]["stripe"]["invoices"] = []
    else:
        alone["stores"]["billing_prod"]["invoices"] = []
    assert state_of(alone).severity <= DebtState.PAST_DUE.severity


@many
@given(worlds(), st.integers(0, 2**32))
def test_i10_the_order_of_rows_never_matters(case: Case, seed: int) -> None:
    shuffled, order = copied(case), random.Random(seed)
    for tables in shuffled["stores"].values():
        for rows in tables.values():
            order.shuffle(rows)
    assert json.dumps(answer(evaluate(shuffled))) == json.dumps(answer(evaluate(case)))


def test_i10_the_order_of_a_subscriptions_items_never_matters() -> None:
    case = golden("plans/items_disagree")
    turned = copied(case)
    turned["stores"]["stripe"]["subscriptions"][0]["items"]["data"].reverse()
    assert answer(evaluate(turned)) == answer(evaluate(case))


@many
@given(worlds())
def test_i11_the_same_input_gives_the_same_digest(case: Case) -> None:
    reordered = json.loads(json.dumps(case, sort_keys=True))
    assert evaluate(reordered).plan.digest == evaluate(case).plan.digest


@many
@given(worlds())
def test_the_digest_changes_with_every_row_version_that_is_written(case: Case) -> None:
    evaluation = evaluate(case)
    rows = [write for write in evaluation.plan.writes if write.row_version is not None]
    assume(rows)
    moved = copied(case)
    for row in moved["stores"][rows[0].store][rows[0].table]:
        if all(row[column] == value for column, value in rows[0].key):
            row["row_version"] = (rows[0].row_version or 0) + 1
    assert evaluate(moved).plan.digest != evaluation.plan.digest


@many
@given(worlds())
def test_nothing_changes_before_the_next_evaluation(case: Case) -> None:
    """T17: a second before `next_evaluation_at` the truth is today's, at it the truth is another."""
    evaluation = evaluate(case)
    assume(evaluation.next_evaluation_at is not None)
    assert evaluation.next_evaluation_at is not None
    eve = copied(case) | {"now": rfc3339(evaluation.next_evaluation_at - timedelta(seconds=1))}
    day = copied(case) | {"now": rfc3339(evaluation.next_evaluation_at)}
    assert evaluate(eve).truth == evaluation.truth
    assert evaluate(day).truth != evaluation.truth


@many
@given(worlds(), st.integers(1, 400))
def test_the_truth_holds_where_no_next_evaluation_is_due(case: Case, days: int) -> None:
    evaluation = evaluate(case)
    later = NOW + timedelta(days=days)
    assume(evaluation.next_evaluation_at is None or evaluation.next_evaluation_at > later)
    assert evaluate(copied(case) | {"now": rfc3339(later)}).truth == evaluation.truth


@many
@given(worlds(), st.integers(16, 10_000))
def test_a_stale_reading_writes_nothing(case: Case, minutes: int) -> None:
    stale = copied(case) | {"reads": {"stripe": {"as_of": rfc3339(NOW - timedelta(minutes=minutes))}}}
    fresh = evaluate(case)
    evaluation = evaluate(stale)
    assert evaluation.verdict.known is (fresh.drift.cells == ())
    assert evaluation.plan.writes == ()


@many
@given(worlds())
def test_a_paid_charge_proves_a_payment(case: Case) -> None:
    paid = copied(case)
    charge = {"id": "ch_new", "customer": CUSTOMER, "status": "succeeded", "captured": True, "amount": 100}
    paid["stores"]["stripe"]["charges"].append({**charge, "currency": "eur", "created": epoch(NOW)})
    truth = evaluate(paid).truth
    assert truth is not None
    assert truth.has_no_successful_payment is False
