"""Old things go; what is asked of the days kept is still answered."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session

from recon.actions.prune import prune
from recon.engine.facts import StoreName
from recon.models import Evaluation, Inbox, InboxStatus
from recon.queries.snapshots import as_of
from tests.actions.test_keep_evaluations import drifted, healed, keep

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)
DAY = timedelta(days=1)


def test_what_the_stores_said_on_a_kept_day_can_still_be_asked():
    for day in (0, 10, 20):
        keep(drifted() if day != 10 else healed(), NOW + day * DAY)
    kept_from = NOW + 15 * DAY
    before = as_of("acc_1", kept_from)
    assert prune(before=kept_from)["snapshot_cf_prod"] == 1
    assert as_of("acc_1", kept_from) == before
    assert StoreName.CF_PROD not in as_of("acc_1", NOW)


def test_the_latest_evaluation_stays_however_old_it_is():
    keep(drifted(), NOW)
    keep(healed(), NOW + DAY)
    prune(before=NOW + 100 * DAY)
    assert list(Evaluation.objects.values_list("at", flat=True)) == [NOW + DAY]


def test_sessions_that_ended_go_and_others_stay():
    for key, end in (("ended", NOW), ("in-use", datetime.now(UTC) + DAY)):
        Session.objects.create(session_key=key, session_data="", expire_date=end)
    assert prune(before=NOW)["session"] == 1
    assert list(Session.objects.values_list("session_key", flat=True)) == ["in-use"]


def test_events_received_go_but_what_waits_for_somebody_stays():
    for status in InboxStatus.values:
        kept = {"event_id": status, "status": status, "body": {}, "received_at": NOW}
        Inbox.objects.create(source="stripe", type="invoice.paid", body_hash="", **kept)
    assert prune(before=NOW, inbox_before=NOW + DAY)["inbox"] == 2
    assert set(Inbox.objects.values_list("status", flat=True)) == {"unrouted", "dead"}
