"""What would make it clear: every golden case and many worlds get an answer that the rules themselves confirm."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from recon.engine.case import Case, read_case
from recon.engine.clearing import MOST_RUNS, Clearing, Way, clearing_of
from recon.engine.enums import DebtState
from recon.engine.pipeline import recompute
from recon.engine.suppose import Change, ChangeKind, supposed
from tests.properties.worlds import worlds
from tests.support.kept import golden, golden_names


def state_after(case: Case, changes: tuple[Change, ...]) -> DebtState | None:
    truth = recompute(supposed(case.facts, changes, case.now), case.policy, case.now).truth
    return truth.state if truth else None


def answer_of(case: Case) -> Clearing:
    return clearing_of(case.facts, case.policy, case.now)


def named(name: str) -> Case:
    return read_case(golden(name))


def without_each(way: Way) -> list[tuple[Change, ...]]:
    return [tuple(one for one in way.changes if one is not left_out) for left_out in way.changes]


def holds(case: Case, clearing: Clearing) -> None:
    """Each way leads where it says, and none of its changes may be left out."""
    for way in (*clearing.ways, *clearing.easings):
        assert state_after(case, way.changes) is way.state
    for way in clearing.ways:
        assert way.state is DebtState.CLEAR
        assert DebtState.CLEAR not in [state_after(case, fewer) for fewer in without_each(way)]


@pytest.mark.parametrize("name", golden_names())
def test_every_golden_case_that_is_not_clear_gets_a_way_that_clears_it(name: str) -> None:
    case = named(name)
    truth = recompute(case.facts, case.policy, case.now).truth
    clearing = answer_of(case)
    holds(case, clearing)
    assert clearing.state == (truth.state if truth else None)
    assert bool(clearing.ways) == (clearing.state not in (DebtState.CLEAR, None))
    assert bool(clearing.missing) == (truth is None)
    assert clearing.runs <= MOST_RUNS


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_no_change_of_a_way_may_be_left_out(world: dict[str, Any]) -> None:
    case = read_case(world)
    clearing = answer_of(case)
    holds(case, clearing)
    assert bool(clearing.ways or clearing.why_not) == (clearing.state not in (DebtState.CLEAR, None))


def test_dust_may_stay_unpaid() -> None:
    (way,) = answer_of(named("payments/dust_adds_up")).ways
    assert [(one.ledger_invoice, one.amount_minor) for one in way.changes] == [("inv_2", 30)]


def test_the_lower_of_both_balances_is_what_clears() -> None:
    (way,) = answer_of(named("conflicts/minimum_of_both")).ways
    assert [(one.kind, one.amount_minor, one.currency) for one in way.changes] == [(ChangeKind.PAYMENT, 1200, "usd")]


def test_two_currencies_are_two_payments() -> None:
    (way,) = answer_of(named("payments/two_currencies")).ways
    assert [(one.amount_minor, one.currency) for one in way.changes] == [(1800, "eur"), (2000, "usd")]


def test_a_payment_whose_end_nobody_saw_would_do() -> None:
    first, second = answer_of(named("in_flight/processing_expired")).ways
    assert [(one.kind, one.objects) for one in first.changes] == [(ChangeKind.ARRIVAL, ("pay_1", "pi_1"))]
    assert [one.kind for one in second.changes] == [ChangeKind.PAYMENT]


def test_what_is_on_its_way_is_not_asked_for_again() -> None:
    (way,) = answer_of(named("in_flight/all_but_dust")).ways
    assert [(one.kind, one.amount_minor) for one in way.changes] == [(ChangeKind.PAYMENT, 20)]


def test_a_lost_dispute_that_is_won_would_do() -> None:
    ways = answer_of(named("disputes/lost_and_booked")).ways
    assert [one.kind for way in ways for one in way.changes] == [ChangeKind.PAYMENT, ChangeKind.DISPUTE_WON]


def test_a_wire_that_came_back_may_be_undone() -> None:
    ways = answer_of(named("proposals/wire_that_came_back")).ways
    assert [one.kind for way in ways for one in way.changes] == [ChangeKind.PAYMENT, ChangeKind.REVERSAL_UNDONE]


def test_a_promise_only_eases() -> None:
    eased = {way.changes[0].kind: way.state for way in answer_of(named("ladder/bad_debt_at_midnight")).easings}
    assert eased == {
        ChangeKind.PROMISE_TO_PAY: DebtState.PAST_DUE,
        ChangeKind.ENFORCEMENT_OFF: DebtState.GRACE,
        ChangeKind.WRITE_OFF: DebtState.WRITTEN_OFF,
    }


def test_a_write_off_is_no_relief_in_grace() -> None:
    assert answer_of(named("ladder/grace_at_midnight")).easings == ()


def test_an_old_reading_does_not_stand_in_the_way() -> None:
    case = named("ladder/past_due_at_midnight")
    old = tuple(replace(read, as_of=case.now - timedelta(minutes=20)) for read in case.facts.reads)
    settled = answer_of(replace(case, facts=replace(case.facts, reads=old)))
    assert settled.state is None or settled.ways


def test_a_clear_account_needs_nothing_but_its_plan() -> None:
    assert answer_of(named("drift/flagged_but_paid")) == Clearing(DebtState.CLEAR, is_drifted=True)


def test_an_unknown_verdict_names_what_has_to_be_read() -> None:
    clearing = answer_of(named("reads/stripe_failed"))
    assert [one.place for one in clearing.missing] == ["stripe"]


def of_many(count: int) -> Case:
    """That many invoices, all of them long overdue."""
    case = golden("ladder/bad_debt_at_midnight")
    billing, stripe = case["stores"]["billing_prod"], case["stores"]["stripe"]
    ledger, invoice = billing["invoices"][0], stripe["invoices"][0]
    billing["invoices"] = [
        ledger | {"invoice_id": f"inv_{number}", "stripe_invoice_id": f"in_{number}"} for number in range(count)
    ]
    stripe["invoices"] = [invoice | {"id": f"in_{number}"} for number in range(count)]
    return read_case(case)


def test_two_hundred_open_invoices_take_a_handful_of_runs() -> None:
    case = of_many(200)
    clearing = answer_of(case)
    (way,) = clearing.ways
    assert len(way.changes) == 200
    assert clearing.runs <= 8
