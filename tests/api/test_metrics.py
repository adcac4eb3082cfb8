"""The engine's numbers as Prometheus reads them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from recon import bootstrap
from recon.actions.check_stores import check_stores
from recon.actions.keep_point import keep_point
from recon.models import ApplyState, Dirty, Inbox, InboxStatus, Pulse, Recompute
from tests.support.kept import golden, keep_case
from tests.support.repairs import repair_in
from tests.support.tokens import bearer

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


def scraped() -> dict[str, dict[tuple[str, ...], float]]:
    """Name → values of its labels → value."""
    answer = bearer("read").get("/metrics")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_whoever_brings_no_token_that_may_read_sees_nothing() -> None:
    answers = [Client().get("/metrics"), bearer("bulk", name="bulk").get("/metrics")]
    assert [(one.status_code, one["Content-Type"]) for one in answers] == [
        (401, "application/problem+json"),
        (403, "application/problem+json"),
    ]


def test_an_engine_that_has_done_nothing_yet_says_so() -> None:
    found = scraped()
    assert found["recon_headline_accounts"] == {
        ("stuck_in_bad_debt",): 0,
        ("inconsistent_debt_flags",): 0,
        ("no_successful_payment",): 0,
    }
    assert (found["recon_applies_live"], found["recon_queue_accounts"][("due",)]) == ({(): 0}, 0)
    assert "recon_sweep_age_seconds" not in found


def test_drift_is_counted_by_headline_and_class() -> None:
    keep_case(golden("payments/paid_after_suspension"))
    keep_point(now=NOW)
    found = scraped()
    assert (found["recon_accounts"], found["recon_drifted_accounts"]) == ({("known",): 1, ("unknown",): 0}, {(): 1})
    assert found["recon_drift_accounts"][("entitlement_drift",)] == 1


def test_what_waits_is_counted_with_its_age() -> None:
    Dirty.objects.create(account="acc_1", gen=1, not_before=NOW - timedelta(hours=1), since=NOW - timedelta(hours=1))
    Dirty.objects.create(account="acc_2", gen=1, not_before=NOW, since=NOW, parked=True)
    Inbox.objects.create(
        source="stripe", event_id="evt_1", received_at=NOW, type="x", body={}, body_hash="", status=InboxStatus.DEAD
    )
    found = scraped()
    assert found["recon_queue_accounts"] == {("due",): 1, ("later",): 0, ("parked",): 1}
    assert 3_600 <= found["recon_queue_oldest_age_seconds"][()] < 3_900
    assert (found["recon_events_waiting"], found["recon_events_received_total"][()] > 0) == (
        {("unrouted",): 0, ("dead",): 1},
        True,
    )


def test_intake_is_timed_from_the_event_to_what_answered_it() -> None:
    for seconds in (1, 2, 9):
        causes = [{"kind": "event", "ref": "stripe evt", "at": (NOW - timedelta(seconds=seconds)).isoformat()}]
        Recompute.objects.create(account_id="acc_1", at=NOW, causes=causes)
    Recompute.objects.create(account_id="acc_1", at=NOW, causes=[{"kind": "timer", "ref": "", "at": NOW.isoformat()}])
    assert scraped()["recon_intake_latency_seconds"][("0.5",)] == 2


def test_repairs_are_counted_by_their_end_and_those_in_doubt_apart() -> None:
    states = [ApplyState.DONE, ApplyState.DONE, ApplyState.ABORTED, ApplyState.EXCEPTION, ApplyState.COMMITTING]
    for number, state in enumerate(states):
        account_id = keep_case(golden("payments/paid_after_suspension"), account_id=f"acc_{number}")
        repair_in(state, account_id, lease_until=NOW - timedelta(minutes=1))
    found = scraped()
    assert found["recon_applies_total"] == {
        ("applied",): 2,
        ("refused",): 0,
        ("failed",): 1,
        ("expired",): 0,
        ("needs_person",): 1,
    }
    assert (found["recon_applies_live"], found["recon_applies_in_doubt"]) == ({(): 1}, {(): 1})


def test_each_store_says_whether_it_answers_and_what_is_prepared_there() -> None:
    check_stores(bootstrap.stores(), clock=lambda: NOW)
    Pulse.objects.filter(name="store:cf_prod").update(
        detail={"ok": False, "ms": None, "why": "cf_prod is down"}, at=NOW - timedelta(minutes=2)
    )
    found = scraped()
    assert found["recon_store_up"][("cf_prod",)] == 0
    assert found["recon_store_up"][("billing_prod",)] == 1
    assert found["recon_prepared_transactions"][("billing_prod",)] == 0
    assert ("cf_prod",) not in found["recon_prepared_transactions"]
    assert found["recon_store_asked_age_seconds"][("cf_prod",)] >= 120


def test_each_replica_says_how_far_it_is_behind_and_whether_it_is_read() -> None:
    told = {"ok": True, "ms": 3, "why": "", "read_only": {"cf_prod.blocks": "no right to"}}
    replicas = {"cf_prod": {"lag_s": 1.5, "why": ""}, "billing_prod": {"lag_s": None, "why": "gives no answer"}}
    for name, replica in replicas.items():
        Pulse.objects.create(name=f"store:{name}", at=NOW, detail=told | {"replica": replica})
    found = scraped()
    assert found["recon_replica_lag_seconds"] == {("cf_prod",): 1.5}
    assert found["recon_replica_used"] == {("cf_prod",): 1, ("billing_prod",): 0}
    assert found["recon_store_read_only"] == {("cf_prod",): 1, ("billing_prod",): 1}
