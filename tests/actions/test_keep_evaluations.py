"""The latest state of an account, its history of outcomes, and the events between them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recon.actions.evaluate import Rules, evaluate
from recon.actions.keep_evaluations import keep_evaluations
from recon.engine.facts import Reading, StoreName
from recon.engine.policy import Policy
from recon.models import AccountState, Evaluation, OutboxEvent, Trigger
from recon.queries.account import account_view, evaluations
from tests.support.cases import story

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)
RULES = Rules(Policy(plans={"price_pro": "pro"}), livemode=False)


def keep(stores: dict, at: datetime, failed: StoreName | None = None) -> None:
    readings = [
        Reading(StoreName(name), at, {}, ok=False, reason="gives no answer")
        if name == failed
        else Reading(StoreName(name), at, tables)
        for name, tables in stores.items()
    ]
    keep_evaluations([evaluate("acc_1", readings, RULES, at)], trigger=Trigger.PERSON, actor="test")


def drifted() -> dict:
    return story("paid_after_suspension")["stores"]


def healed() -> dict:
    """The same facts with every cell as the plan writes it."""
    stores = drifted()
    for cell in AccountState.objects.get().evaluation.writes:
        rows = stores[cell["store"]][cell["table"]]
        row = next((one for one in rows if cell["key"].items() <= one.items()), None)
        if cell["column"] == "level":
            rows.remove(row)
        elif cell["column"].startswith("metadata."):
            row["metadata"][cell["column"].removeprefix("metadata.")] = cell["truth"]
        elif row is None:
            rows.append({**cell["key"], cell["column"]: cell["truth"]})
        else:
            row[cell["column"]] = cell["truth"]
    return stores


def kinds() -> list[str]:
    return list(OutboxEvent.objects.order_by("sequence").values_list("kind", flat=True))


def test_drift_is_told_when_it_is_found_and_when_it_is_gone():
    keep(drifted(), NOW)
    keep(drifted(), NOW + timedelta(minutes=1))
    assert kinds() == ["drift.detected"]
    keep(healed(), NOW + timedelta(minutes=2))
    assert kinds() == ["drift.detected", "drift.cleared"]
    assert AccountState.objects.get().drift_since is None


def test_a_verdict_unknown_ends_no_drift():
    keep(drifted(), NOW)
    keep(drifted(), NOW + timedelta(minutes=1), failed=StoreName.CF_PROD)
    state = AccountState.objects.get()
    assert (state.is_known, state.drift_since, kinds()) == (False, NOW, ["drift.detected"])
    keep(drifted(), NOW + timedelta(minutes=2))
    assert (AccountState.objects.get().drift_since, kinds()) == (NOW, ["drift.detected"])


def test_what_a_replica_that_lags_said_does_not_replace_what_was_found_since():
    keep(drifted(), NOW)
    keep(healed(), NOW + timedelta(minutes=2))
    said = {name: Reading(StoreName(name), NOW + timedelta(minutes=5), tables) for name, tables in drifted().items()}
    said["cf_prod"] = replace(said["cf_prod"], as_of=NOW + timedelta(minutes=1))
    late = evaluate("acc_1", list(said.values()), RULES, NOW + timedelta(minutes=5))
    keep_evaluations([late], trigger=Trigger.SWEEP, actor="test")
    state = AccountState.objects.get()
    assert (state.drifted_cells, state.evaluated_at) == (0, NOW + timedelta(minutes=2))


def test_an_outcome_is_as_old_as_the_oldest_reading_of_a_database():
    said = [Reading(StoreName(name), NOW, tables) for name, tables in drifted().items()]
    keep_evaluations([evaluate("acc_1", said, RULES, NOW + timedelta(minutes=3))], trigger=Trigger.SWEEP, actor="test")
    state = AccountState.objects.get()
    assert (state.evaluated_at, state.changed_at, state.evaluation.at) == (NOW, NOW, NOW + timedelta(minutes=3))


def test_an_evaluation_that_was_overtaken_changes_nothing():
    keep(drifted(), NOW)
    keep(drifted(), NOW - timedelta(minutes=1), failed=StoreName.CF_PROD)
    assert (AccountState.objects.get().is_known, Evaluation.objects.count()) == (True, 1)


def test_each_outcome_that_differs_is_kept_and_can_be_listed():
    keep(drifted(), NOW)
    keep(healed(), NOW + timedelta(minutes=1))
    keep(drifted(), NOW + timedelta(minutes=2))
    assert [one.drifted_cells > 0 for one in evaluations("acc_1")] == [True, False, True]


def test_a_finding_that_stands_for_a_day_opens_a_case_once():
    stores = story("lost_not_yet_booked")["stores"]
    for hours in (0, 23, 25, 26):
        keep(stores, NOW + timedelta(hours=hours))
    assert kinds().count("case.opened") == 1
    keep(stores, NOW + timedelta(hours=27), failed=StoreName.CF_PROD)
    assert "case.closed" not in kinds()


def test_the_account_page_gets_the_outcome_and_what_every_store_said():
    keep(drifted(), NOW)
    view = account_view("acc_1")
    assert view is not None
    assert (view.truth["state"], view.is_known, set(view.stores)) == ("clear", True, set(StoreName))
    assert view.stores[StoreName.CF_PROD].tables["blocks"] == drifted()["cf_prod"]["blocks"]
    assert (view.stores["stripe"].ok, view.stores["stripe"].since, view.stores["stripe"].as_of) == (True, NOW, NOW)


def test_an_account_that_was_never_evaluated_has_no_page():
    assert account_view("acc_nobody") is None
