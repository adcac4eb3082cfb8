"""Record what was done: one audit entry, sealed to the chain, and the events that others have to hear of it.

Call it last in the transaction that does the thing: the entry takes the chain's head, and the events their turn, until
it commits. Whoever writes the audit writes it here.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from recon.models import OutboxEvent


@dataclass(frozen=True, slots=True)
class Entry:
    """Who (`user:name`, `token:name`, `task:name`) did what (dotted), to which account, and why. No personal data."""

    actor: str
    action: str
    reason: str
    account: str | None = None
    before: Any = None
    after: Any = None
    request_id: str = ""
    apply_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One domain event, before it has a number."""

    kind: str
    account_id: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    cause: str = ""


def record(entry: Entry, events: Iterable[Event] = ()) -> int:
    """The entry's number. Commits with the transaction around it, or on its own when there is none."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SELECT audit_append(%s)", [canonical(entry)])
        (seq,) = cursor.fetchone()
        told = [
            OutboxEvent(
                kind=event.kind,
                account_id=event.account_id,
                before=event.before,
                after=event.after,
                cause=event.cause,
                audit_seq=seq,
            )
            for event in events
        ]
        if told:
            OutboxEvent.objects.bulk_create(told)
    return int(seq)


def canonical(entry: Entry) -> str:
    """The text that is sealed: sorted keys, no spaces, the same bytes for the same entry on every machine."""
    told = {name: getattr(entry, name) for name in Entry.__slots__}
    return json.dumps(
        told, cls=DjangoJSONEncoder, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
