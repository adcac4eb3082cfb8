"""What is kept of what the stores said, and what can be asked of it later."""

from datetime import UTC, datetime, timedelta

import pytest

from recon.actions.keep_snapshots import keep_snapshots
from recon.engine.facts import Reading, StoreName
from recon.models import CfProdSnapshot, StripeSnapshot
from recon.queries.snapshots import as_of, history

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RESTRICTED = {"account_id": "acc_1", "restricted": True, "row_version": 1}
FREE = {"account_id": "acc_1", "restricted": False, "row_version": 2}


def said(at: datetime, *rows: dict, blocks: tuple = ()) -> tuple[str, Reading]:
    return "acc_1", Reading(StoreName.CF_PROD, at, {"entitlements": list(rows), "blocks": list(blocks)})


def test_the_same_again_adds_no_row_and_moves_the_latest_read():
    assert len(keep_snapshots([said(NOON, RESTRICTED)]).new) == 1
    assert len(keep_snapshots([said(NOON + HOUR, RESTRICTED)]).new) == 0
    row = CfProdSnapshot.objects.get()
    assert (row.read_at, row.last_read_at, row.entitlements) == (NOON, NOON + HOUR, [RESTRICTED])


def test_something_new_adds_a_row_and_the_old_one_can_be_asked():
    keep_snapshots([said(NOON, RESTRICTED)])
    keep_snapshots([said(NOON + HOUR, FREE)])
    before = as_of("acc_1", NOON + HOUR / 2)[StoreName.CF_PROD]
    after = as_of("acc_1", NOON + HOUR)[StoreName.CF_PROD]
    assert (before.tables["entitlements"], after.tables["entitlements"]) == ([RESTRICTED], [FREE])


def test_saying_an_older_thing_again_is_new():
    for hours, row in enumerate([RESTRICTED, FREE, RESTRICTED]):
        keep_snapshots([said(NOON + hours * HOUR, row)])
    assert [one.tables["entitlements"] for one in history("acc_1", StoreName.CF_PROD)] == [
        [RESTRICTED],
        [FREE],
        [RESTRICTED],
    ]


def test_before_the_first_read_nothing_is_known():
    keep_snapshots([said(NOON, RESTRICTED)])
    assert as_of("acc_1", NOON - HOUR) == {}


def test_the_order_of_rows_says_nothing_new():
    abuse, legal = ({"account_id": "acc_1", "reason": reason} for reason in ("abuse", "legal"))
    keep_snapshots([said(NOON, blocks=(abuse, legal))])
    assert len(keep_snapshots([said(NOON + HOUR, blocks=(legal, abuse))]).new) == 0


def test_an_answer_without_rows_is_kept_and_a_failed_read_is_not():
    failed = Reading(StoreName.CF_PROD, NOON, {}, ok=False, reason="cf_prod gives no answer")
    assert len(keep_snapshots([("acc_1", failed)]).new) == 0
    assert len(keep_snapshots([said(NOON)]).new) == 1


def test_a_reading_older_than_the_latest_changes_nothing():
    keep_snapshots([said(NOON, FREE)])
    assert len(keep_snapshots([said(NOON - HOUR, RESTRICTED)]).new) == 0


def test_what_jsonb_refuses_is_stored_without_it():
    customer = {"id": "cus_1", "name": "nul \x00 and a lone \ud800 surrogate", "balance": float("nan")}
    keep_snapshots([("acc_1", Reading(StoreName.STRIPE, NOON, {"customers": [customer]}))])
    assert StripeSnapshot.objects.get().customers == [
        {"id": "cus_1", "name": "nul \ufffd and a lone ? surrogate", "balance": "nan"}
    ]


def test_times_are_kept_as_a_case_writes_them():
    keep_snapshots([said(NOON, blocks=({"account_id": "acc_1", "reason": "abuse", "since": NOON},))])
    assert CfProdSnapshot.objects.get().blocks[0]["since"] == "2026-03-01T12:00:00Z"


def test_many_accounts_cost_two_statements_a_store(django_assert_num_queries):
    readings = [(f"acc_{n}", Reading(StoreName.CF_PROD, NOON, {"entitlements": [], "blocks": []})) for n in range(50)]
    with django_assert_num_queries(2):
        assert len(keep_snapshots(readings).new) == 50
    with django_assert_num_queries(2):
        assert len(keep_snapshots([(account, said_again(reading)) for account, reading in readings]).new) == 0


def said_again(reading: Reading) -> Reading:
    return Reading(reading.store, NOON + HOUR, reading.tables)
