"""Publish domain events: out of the outbox into the stream `recon.events`, in order, at least once.

One publisher at a time keeps the order. A crash between the stream and the mark publishes again: consumers know an
event by its `event_id`.
"""

import json
from datetime import datetime
from typing import Any, Protocol

from django.db import connection, transaction

from recon.models import OutboxEvent

STREAM = "recon.events"
KEPT_IN_STREAM = 100_000
AT_ONCE = 500
ONE_PUBLISHER = 7_305_002


class EventStream(Protocol):
    """The part of a Redis client that publishing needs."""

    def xadd(self, name: str, fields: Any, *, maxlen: int, approximate: bool) -> Any: ...


def publish_events(stream: EventStream, *, now: datetime) -> int:
    """How many were published; 0 when there is none, or another publisher is at it."""
    published = 0
    while batch := _publish_batch(stream, now):
        published += batch
    return published


def _publish_batch(stream: EventStream, now: datetime) -> int:
    with transaction.atomic():
        if not _is_the_publisher():
            return 0
        events = list(OutboxEvent.objects.filter(published_at__isnull=True).order_by("sequence")[:AT_ONCE])
        for event in events:
            stream.xadd(STREAM, _fields(event), maxlen=KEPT_IN_STREAM, approximate=True)
        OutboxEvent.objects.filter(sequence__in=[event.sequence for event in events]).update(published_at=now)
    return len(events)


def _is_the_publisher() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [ONE_PUBLISHER])
        return bool(cursor.fetchone()[0])


def _fields(event: OutboxEvent) -> dict[str, str]:
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
