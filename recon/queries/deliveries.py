"""What came in about an account, and when: its last events; where there is none, when a store's word changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recon.models import SNAPSHOTS, InboxMark

EVENT_TYPES: Final = 120
"""Characters: a type is whatever its sender wrote."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One of them: `source` is who said so, `what` the type of the event, empty where it was no event."""

    source: str
    what: str
    event_id: str
    at: datetime


def last_deliveries(account_id: str, *, most: int) -> tuple[Delivery, ...]:
    """The last `most` of them, oldest first."""
    return _events(account_id, most) or _changes(account_id, most)


def _events(account_id: str, most: int) -> tuple[Delivery, ...]:
    marks = InboxMark.objects.filter(account_id=account_id).select_related("event").defer("event__body")
    latest = [mark.event for mark in marks.order_by("-gen", "-id")[:most]]
    return tuple(
        Delivery(event.source, event.type[:EVENT_TYPES], event.event_id, event.received_at)
        for event in sorted(latest, key=lambda event: event.received_at)
    )


def _changes(account_id: str, most: int) -> tuple[Delivery, ...]:
    found = [
        Delivery(store.value, "", "", at)
        for store, model in SNAPSHOTS.items()
        for at in model._default_manager.filter(account_id=account_id)
        .order_by("-read_at", "-id")
        .values_list("read_at", flat=True)[:most]
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.source))[-most:])
