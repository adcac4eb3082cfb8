"""One event that was received: what it says, which accounts it marked, and which evaluations have seen it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from recon.models import Inbox, InboxFinding, StripeObject
from recon.queries.failed import EventName, OddEvent, event_name, odd_event

MOST_ACCOUNTS: Final = 50
LARGEST_ID: Final = 2**63 - 1
# Of a flood not every event is named: then the first evaluation after it has seen it.
SEEN: Final = """
select mark.account_id, mark.is_answered,
    (select jsonb_agg(named order by named.at) from (
        select recompute.at, evaluation.at = recompute.at as changed, evaluation.state, evaluation.is_known
        from recompute left join evaluation on evaluation.id = recompute.evaluation_id
        where recompute.account_id = mark.account_id and recompute.causes @> %(cause)s::jsonb
        order by recompute.at desc limit 5) as named),
    (select min(at) from recompute where account_id = mark.account_id and at >= %(received)s)
from (
    select account_id, bool_and(coalesce(dirty.done_gen >= gen_made, false)) as is_answered
    from (select account_id, gen as gen_made from inbox_mark where event_id = %(id)s) as made
    left join dirty on dirty.account = made.account_id
    group by account_id order by account_id limit %(most)s
) as mark
"""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An evaluation that names the event among its causes; `changed`: it came to another outcome than the one before.
    `state` is None where the verdict was unknown, or its record was pruned."""

    at: datetime
    changed: bool
    state: str | None


@dataclass(frozen=True, slots=True)
class Marked:
    """An account that the event marked. Without a sighting, `seen_after` is the first evaluation since the event;
    answered without either, somebody ignored it."""

    account_id: str
    is_answered: bool
    sightings: tuple[Sighting, ...]
    seen_after: datetime | None


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """`refs` are the ids by which it names an account, `at_stripe` those of them that the mirror knows. `body` is what
    its sender wrote: it may name people."""

    name: EventName
    occurred_at: datetime | None
    object_id: str
    livemode: bool | None
    refs: tuple[str, ...]
    at_stripe: frozenset[str]
    status: str
    looks: int
    next_look: datetime | None
    note: str
    body_hash: str
    body: Mapping[str, Any]
    marks: tuple[Marked, ...]
    findings: tuple[OddEvent, ...]


def received_event(number: int) -> ReceivedEvent | None:
    """By our number of it."""
    row = Inbox.objects.filter(id=number).first() if number <= LARGEST_ID else None
    if row is None:
        return None
    findings = InboxFinding.objects.filter(event=row, settled_at__isnull=True).select_related("event").order_by("id")
    return ReceivedEvent(
        name=event_name(row),
        occurred_at=row.occurred_at,
        object_id=row.object_id,
        livemode=row.livemode,
        refs=tuple(row.refs),
        at_stripe=frozenset(StripeObject.objects.filter(id__in=row.refs).values_list("id", flat=True)),
        status=row.status,
        looks=row.attempts,
        next_look=row.next_at,
        note=row.note,
        body_hash=row.body_hash,
        body=row.body,
        marks=_marks(row),
        findings=tuple(odd_event(one) for one in findings),
    )


def _marks(row: Inbox) -> tuple[Marked, ...]:
    cause = json.dumps([{"kind": "event", "ref": f"{row.source} {row.type} {row.event_id}"}])
    params: dict[str, Any] = {"id": row.id, "cause": cause, "received": row.received_at, "most": MOST_ACCOUNTS}
    with connection.cursor() as cursor:
        cursor.execute(SEEN, params)
        return tuple(
            Marked(account_id, is_answered, tuple(_sighting(one) for one in json.loads(named or "[]")), after)
            for account_id, is_answered, named, after in cursor.fetchall()
        )


def _sighting(told: Mapping[str, Any]) -> Sighting:
    state = told["state"] if told["is_known"] else None
    return Sighting(datetime.fromisoformat(told["at"]), bool(told["changed"]), state)
