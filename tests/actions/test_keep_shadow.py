"""What others write beside what the engine would have written, and who was right in the end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum

from recon.actions.keep_shadow import SETTLED_AFTER, WINDOW, keep_shadow
from recon.engine.shadow import TRUE, classes_of
from recon.engine.truth import Truth
from recon.models import ApplyState, Evaluation, ShadowCell, ShadowCount, ShadowMark
from tests.support.kept import golden, keep_case
from tests.support.repairs import repair_in

DAY = datetime(2026, 3, 20, tzinfo=UTC)
SUSPENDED = "cf_prod.entitlements.suspended"
FLAG = "subs_customer.customers.has_payment_method"
NEVER_PAID = "subs_customer.customers.has_no_successful_payment"
pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> Evaluation:
    """An outcome without drift, whose row the others are made of."""
    keep_case(golden("payments/settled_in_both_stores"), account_id="acc_1")
    row = Evaluation.objects.get()
    assert row.cells == []
    Evaluation.objects.update(at=DAY)
    return row


@pytest.fixture
def look(first):
    """`look(3, {SUSPENDED: True})`: three minutes later the stores hold this against the truth; `true` is new truth."""

    def kept(minutes: float, differs: dict[str, Any] | None = None, **true: Any) -> None:
        truth = {**first.truth, **true}
        cells = [cell(place, stored, truth) for place, stored in (differs or {}).items()]
        Evaluation.objects.create(
            account_id="acc_1",
            at=DAY + timedelta(minutes=minutes),
            trigger="sweep",
            policy_hash="x",
            content_hash=str(minutes),
            is_known=True,
            truth=truth,
            cells=cells,
            digest="x",
            writes=cells,
        )

    return kept


def cell(place: str, stored: Any, truth: dict[str, Any]) -> dict[str, Any]:
    store, table, column = place.split(".")
    key = {"account_id": "acc_1"}
    return {"store": store, "table": table, "key": key, "column": column, "stored": stored, "truth": truth[TRUE[place]]}


def counted(hours: float = 1) -> dict[tuple[str, str], int]:
    """(class, kind) → cells, when it is so many hours later."""
    keep_shadow(now=DAY + timedelta(hours=hours))
    rows = ShadowCount.objects.values_list("name", "kind").annotate(number=Sum("cells"))
    return {(name, kind): number for name, kind, number in rows}


def repaired(minutes: float, place: str, wrote: Any) -> None:
    at = DAY + timedelta(minutes=minutes)
    written = [{**cell(place, None, {TRUE[place]: wrote})}]
    repair_in(ApplyState.DONE, decided_at=at, closed_at=at, writes=written)


def test_each_place_is_a_field_of_the_truth(first):
    assert set(TRUE.values()) <= set(first.truth)
    assert set(TRUE.values()) == {field for field in Truth.__dataclass_fields__ if field != "balances"}


def test_a_store_that_follows_the_facts_agrees(look):
    look(1, has_no_successful_payment=True)
    assert counted() == {("no_successful_payment_drift", "agreed"): 1}


def test_one_that_comes_to_the_plan_s_value_agrees(look):
    look(1, {SUSPENDED: True})
    look(2)
    assert counted() == {("entitlement_drift", "old_only"): 1} | {
        ("entitlement_drift", "agreed"): 1,
        ("entitlement_drift", "came_round"): 1,
    }


def test_what_the_plan_before_would_have_written_agrees_though_the_truth_has_moved_on(look):
    look(1, {"subs_dunning.dunning.state": "clear"}, state="grace")
    look(2, {"subs_dunning.dunning.state": "grace"}, state="past_due")
    assert counted() == {("bad_debt_drift", "agreed"): 1, ("inconsistent_debt_flags", "agreed"): 1}


def test_a_write_against_what_is_true_where_nothing_had_moved_is_the_old_path_s_alone(look):
    look(1, {FLAG: "odd"})
    assert counted() == {("values", "old_only"): 1}
    assert ShadowCell.objects.values_list("place", "is_disputed").get() == (FLAG, True)


def test_a_write_that_contradicts_the_plan_disagrees(look):
    look(1, {"subs_dunning.dunning.raw_state": "clear"}, raw_state="past_due")
    look(2, {"subs_dunning.dunning.raw_state": "bad_debt"}, raw_state="past_due")
    assert counted() == {("values", "disagreed"): 1}


@pytest.mark.parametrize("end", ["came_round", "repaired", "truth_moved"])
def test_who_was_right_is_known_when_the_cell_is_true_again(look, end):
    look(1, {"subs_dunning.dunning.raw_state": "clear"}, raw_state="past_due")
    look(2, {"subs_dunning.dunning.raw_state": "bad_debt"}, raw_state="past_due")
    if end == "repaired":
        repaired(2.5, "subs_dunning.dunning.raw_state", "past_due")
    look(3, raw_state="bad_debt" if end == "truth_moved" else "past_due")
    found = counted()
    assert found[("values", end)] == 1
    assert found.get(("values", "agreed"), 0) == (end == "came_round")
    assert not ShadowCell.objects.exists()


def test_what_we_wrote_ourselves_is_nobody_else_s(look):
    look(1, {NEVER_PAID: False}, has_no_successful_payment=True)
    repaired(2, NEVER_PAID, True)
    look(3, has_no_successful_payment=True)
    assert counted() == {}


def test_a_value_that_nobody_wrote_for_a_day_is_the_engine_s_alone_and_counts_once(look):
    look(1, {NEVER_PAID: False}, has_no_successful_payment=True)
    assert counted(23) == {}
    expected = {("no_successful_payment_drift", "engine_only"): 1}
    assert (counted(25), counted(49)) == (expected, expected)
    assert ShadowCount.objects.get().day == DAY + WINDOW


def test_an_unknown_verdict_says_nothing(look):
    look(1, {NEVER_PAID: False}, has_no_successful_payment=True)
    Evaluation.objects.create(
        account_id="acc_1", at=DAY + timedelta(minutes=2), trigger="sweep", policy_hash="x", content_hash="u",
        is_known=False, digest="x",
    )  # fmt: skip
    look(3, has_no_successful_payment=True)
    assert counted() == {("no_successful_payment_drift", "agreed"): 1}


def test_each_outcome_counts_once_however_often_it_is_asked_and_none_before_it_is_settled(look):
    look(1, has_no_successful_payment=True)
    keep_shadow(now=DAY + timedelta(minutes=1) + SETTLED_AFTER - timedelta(seconds=1))
    assert not ShadowCount.objects.exists()
    assert counted() == counted()
    mark = ShadowMark.objects.get()
    assert (mark.upto, mark.since) == (Evaluation.objects.latest("id").id, DAY)


def test_a_cell_counts_in_each_of_its_classes():
    assert classes_of("cf_prod.blocks.level") == ("bad_debt_drift", "inconsistent_debt_flags", "entitlement_drift")
    assert classes_of(FLAG) == ()
