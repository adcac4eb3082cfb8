"""Tell others: domain events into the outbox, in the transaction that decides, and a hint to publish them after it.

Whoever writes the outbox writes it here. The hint may be lost: the schedule publishes what is left.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.dispatch import Signal

from recon.models import EventKind, OutboxEvent
from recon.traces import traceparent

told: Final = Signal()
"""Sent once events have been committed, whoever told them."""


@dataclass(frozen=True, slots=True)
class Event:
    """One domain event, before it has a number."""

    kind: EventKind
    account_id: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    cause: str = ""


def tell(events: Iterable[Event], *, audit_seq: int | None = None) -> None:
    """In their order. From the first event on the transaction has the outbox's turn, until it ends: call it last."""
    tell_all([(audit_seq, events)])


def tell_all(told_by: Sequence[tuple[int | None, Iterable[Event]]]) -> None:
    """The events of several entries of the audit, each beside its entry's number."""
    here = traceparent()
    rows = [
        OutboxEvent(
            kind=event.kind,
            account_id=event.account_id,
            before=event.before,
            after=event.after,
            cause=event.cause,
            audit_seq=audit_seq,
            traceparent=here,
        )
        for audit_seq, events in told_by
        for event in events
    ]
    if rows:
        OutboxEvent.objects.bulk_create(rows)
        transaction.on_commit(partial(told.send_robust, sender=OutboxEvent))
