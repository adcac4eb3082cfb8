"""Receive the changes that stores have noted by triggers, and only then let the stores forget them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from recon.actions.receive_store_events import StoreEvent, receive_store_events
from recon.engine.enums import StoreName
from recon.stores.changes import Change

AT_ONCE: Final = 1_000


class Feed(Protocol):
    """What one store has noted."""

    name: StoreName

    def waiting(self, limit: int) -> list[Change]: ...

    def forget(self, changes: Sequence[Change]) -> None: ...


def follow_changes(feed: Feed, *, now: datetime) -> int:
    """How many were received. Killed in between, it receives the same ones again, which marks nothing twice.

    Raises StoreUnreachable when the store gives no answer.
    """
    received = 0
    while changes := feed.waiting(AT_ONCE):
        receive_store_events([_event(feed.name, change) for change in changes], now=now)
        feed.forget(changes)
        received += len(changes)
    return received


def _event(store: StoreName, change: Change) -> StoreEvent:
    return StoreEvent(store.value, str(change.event_id), change.account_id, change.occurred_at)
