"""Record what was done: one audit entry, sealed to the chain, and the events that others have to hear of it.

Call it last in the transaction that does the thing: the entry takes the chain's head, and the events their turn, until
it commits. Whoever writes the audit writes it here.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from recon.apply.tell import Event, tell_all

__all__ = ["Entry", "Event", "canonical", "record", "record_all"]


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


def record(entry: Entry, events: Iterable[Event] = ()) -> int:
    """The entry's number. Commits with the transaction around it, or on its own when there is none."""
    (seq,) = record_all([(entry, events)])
    return seq


def record_all(told: Sequence[tuple[Entry, Iterable[Event]]]) -> list[int]:
    """Several that are done by one transaction: their numbers, in their order."""
    bodies = [canonical(entry) for entry, _ in told]
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SELECT audit_append(body) FROM unnest(%s::text[]) AS body", [bodies])
        numbers = [int(seq) for (seq,) in cursor.fetchall()]
        tell_all([(seq, events) for seq, (_, events) in zip(numbers, told, strict=True)])
    return numbers


def canonical(entry: Entry) -> str:
    """The text that is sealed: sorted keys, no spaces, the same bytes for the same entry on every machine."""
    told = {name: getattr(entry, name) for name in Entry.__slots__}
    return json.dumps(
        told, cls=DjangoJSONEncoder, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
