"""The feed of domain events: what was told from a sequence on, in the order in which it was committed.

Sequences are taken in turn until a transaction ends, so whoever has seen one has seen all below it: a cursor is one
number, and nothing appears behind it later.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from recon.models import EventKind

KINDS: Final = frozenset(kind.value for kind in EventKind)
MOST_LOOKED_AT: Final = 20_000
"""How many events one page looks through at most for those of a kind."""

# One statement is one snapshot: what is kept, and what is between, are of the same moment.
PAGE: Final = """
with kept as (select min(sequence) as oldest, max(sequence) as newest from outbox)
select kept.oldest, kept.newest, looked.upto, looked.number, found.*
from kept
cross join lateral (
    select max(sequence) as upto, count(*) as number
    from (select sequence from outbox where {wanted} order by sequence limit %(looked_at)s) as here
) as looked
left join lateral (
    select sequence, event_id, kind, account_id, at, before, after, cause, audit_seq
    from outbox where {wanted} and sequence <= looked.upto and (%(kind)s = '' or kind = %(kind)s)
    order by sequence limit %(limit)s
) as found on true
order by found.sequence
"""
AFTER: Final = "sequence > %(after)s"
OF_ACCOUNT: Final = f"{AFTER} and account_id = %(account)s"


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event. `before` and `after` are what changed, `cause` who or what caused it; `audit_seq` is None where nobody
    did it (drift and cases are found by looking)."""

    sequence: int
    event_id: str
    kind: str
    account_id: str
    at: datetime
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    cause: str
    audit_seq: int | None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """`next_after` is where to go on, now when there is `more`, else later. `oldest` and `newest` are what is kept, of
    all events; None where there is none."""

    events: tuple[FeedEvent, ...]
    next_after: int
    more: bool
    oldest: int | None
    newest: int | None


def feed(after: int, *, limit: int, account_id: str = "", kind: str = "") -> FeedPage:
    """The events after that sequence, of one account or one kind where that is asked for."""
    looked_at = MOST_LOOKED_AT if kind else limit
    asked: dict[str, int | str] = {
        "after": after,
        "limit": limit,
        "account": account_id,
        "kind": kind,
        "looked_at": looked_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(PAGE.format(wanted=OF_ACCOUNT if account_id else AFTER), asked)
        rows = cursor.fetchall()
    oldest, newest, upto, looked = rows[0][:4]
    events = tuple(_event(row[4:]) for row in rows if row[4] is not None)
    if len(events) == limit:
        return FeedPage(events, events[-1].sequence, events[-1].sequence != newest, oldest, newest)
    if looked == looked_at:
        return FeedPage(events, upto, upto != newest, oldest, newest)
    return FeedPage(events, max(after, newest or 0), False, oldest, newest)


def _event(row: tuple[Any, ...]) -> FeedEvent:
    sequence, event_id, kind, account_id, at, before, after, cause, audit_seq = row
    return FeedEvent(sequence, str(event_id), kind, account_id, at, _json(before), _json(after), cause, audit_seq)


def _json(text: str | None) -> Mapping[str, Any] | None:
    value: Mapping[str, Any] | None = json.loads(text) if text is not None else None
    return value
