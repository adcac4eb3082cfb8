"""Publish domain events: out of the outbox into the stream `recon.events`, in order, at least once.

One publisher at a time keeps the order. A crash between the stream and the mark publishes again: consumers know an
event by its `event_id`, and the order by its `sequence`. What the stream lost, they read from the feed.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import redis
from django.db import connection, transaction

from recon.actions.wake import wake_soon
from recon.models import OutboxEvent
from recon.under_way import under_way

STREAM: Final = "recon.events"
AT_ONCE: Final = 500
ONE_PUBLISHER: Final = 7_305_002


def publish_soon(**_: Any) -> None:
    """The hint, after a commit that told something; the schedule does without it."""
    wake_soon("recon.publish_events")


def publish_events(stream: redis.Redis, *, now: datetime, most_kept: int) -> int:
    """How many were published; about `most_kept` stay in the stream, the newest.

    Raises redis.RedisError when the stream cannot be reached: the outbox is then as it was.
    """
    published = 0
    # Whoever finds another publisher at work leaves: that one looks once more after its turn, and sees what we saw.
    while OutboxEvent.objects.filter(published_at__isnull=True).exists():
        batch = _publish_batch(stream, now, most_kept)
        if batch is None:
            break
        published += batch
    return published


def _publish_batch(stream: redis.Redis, now: datetime, most_kept: int) -> int | None:
    """None when another is the publisher. Until the mark, the transaction holds nothing but the publisher's turn."""
    with transaction.atomic():
        if not _is_the_publisher():
            return None
        events = list(OutboxEvent.objects.filter(published_at__isnull=True).order_by("sequence")[:AT_ONCE])
        with under_way("publish") as work:
            work.follow(lambda: [event.traceparent for event in events])
            work.say(events=len(events))
            _send(stream, events, most_kept)
            OutboxEvent.objects.filter(sequence__in=[event.sequence for event in events]).update(published_at=now)
    return len(events)


def _is_the_publisher() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [ONE_PUBLISHER])
        return bool(cursor.fetchone()[0])


def _send(stream: redis.Redis, events: Sequence[OutboxEvent], most_kept: int) -> None:
    """One round trip, all or nothing: of a batch that was taken in parts the rest would come out of order."""
    with stream.pipeline(transaction=True) as batch:
        for event in events:
            batch.xadd(STREAM, _fields(event), maxlen=most_kept, approximate=True)
        batch.execute()


def _fields(event: OutboxEvent) -> dict[Any, Any]:
    return {
        "event_id": str(event.event_id),
        "sequence": str(event.sequence),
        "kind": event.kind,
        "account_id": event.account_id,
        "at": event.at.isoformat().replace("+00:00", "Z"),
        "before": json.dumps(event.before),
        "after": json.dumps(event.after),
        "cause": event.cause,
        "audit_seq": str(event.audit_seq) if event.audit_seq is not None else "",
    }
