"""The outbox into the stream: in order, and none left behind."""

from datetime import UTC, datetime

import pytest

from recon.actions.publish_events import STREAM, publish_events
from recon.bootstrap import event_stream
from recon.models import OutboxEvent

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)


@pytest.fixture
def stream():
    client = event_stream()
    client.delete(STREAM)
    yield client
    client.delete(STREAM)


def test_events_are_published_in_order_and_once(stream):
    for number in range(3):
        OutboxEvent.objects.create(kind="drift.detected", account_id=f"acc_{number}", after={"cells": number})
    assert publish_events(stream, now=NOW, most_kept=1_000) == 3
    assert publish_events(stream, now=NOW, most_kept=1_000) == 0
    published = [fields for _, fields in stream.xrange(STREAM)]
    assert [one[b"account_id"] for one in published] == [b"acc_0", b"acc_1", b"acc_2"]
    assert published[2][b"after"] == b'{"cells": 2}'


def test_what_was_not_marked_is_published_again(stream):
    OutboxEvent.objects.create(kind="drift.detected", account_id="acc_1")
    publish_events(stream, now=NOW, most_kept=1_000)
    OutboxEvent.objects.update(published_at=None)
    publish_events(stream, now=NOW, most_kept=1_000)
    first, second = (fields[b"event_id"] for _, fields in stream.xrange(STREAM))
    assert first == second
