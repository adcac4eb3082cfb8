"""What failed and waits for a person: accounts that cannot be evaluated, events whose account nobody found, and events
that are odd. Each list is paged by its key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import F, Q, QuerySet

from recon.models import Dirty, Inbox, InboxFinding, InboxStatus, StripeObject

KEEPS_FAILING: Final = 3
"""So many tries in vain are no accident."""
WAITS_LONG: Final = timedelta(hours=1)
EVENTS_NAMED: Final = 3
WAITING: Final = """
select dirty.account, mark.*
from dirty cross join lateral (
    select inbox.id, inbox.source, inbox.type, inbox.event_id, inbox.received_at, count(*) over () as total
    from inbox_mark join inbox on inbox.id = inbox_mark.event_id
    where inbox_mark.account_id = dirty.account and inbox_mark.gen > dirty.done_gen
    order by inbox_mark.gen desc limit %(named)s
) as mark
where dirty.account = any(%(accounts)s)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines of a list. `words` are looked for in ids and errors; `state` is parked or retried of accounts, dead
    or unrouted of events, a kind of findings; `source` is an event's."""

    state: str = ""
    source: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class AccountKey:
    """Where a page of accounts ended."""

    since: datetime
    account_id: str


@dataclass(frozen=True, slots=True)
class EventName:
    """One event: our number of it, and what its sender calls it."""

    id: int
    source: str
    type: str
    event_id: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class FailedAccount:
    """An account with marks that no evaluation has answered: `waiting` of them, up to the generation `gen`; `events`
    are the latest that made some, `causes` what else did ({kind, ref, at}). `next_try` is None when it is parked:
    nobody tries again by himself."""

    account_id: str
    gen: int
    attempts: int
    is_parked: bool
    is_running: bool
    error: str
    since: datetime
    next_try: datetime | None
    waiting: int
    causes: Sequence[Mapping[str, Any]]
    events: tuple[EventName, ...] = ()
    more_events: int = 0

    @property
    def key(self) -> AccountKey:
        return AccountKey(self.since, self.account_id)


@dataclass(frozen=True, slots=True)
class StrayEvent:
    """An event whose account is not known: `refs` are the ids by which it names one, `at_stripe` those of them that the
    mirror knows. `next_look` is None where nobody looks again."""

    name: EventName
    object_id: str
    refs: tuple[str, ...]
    at_stripe: frozenset[str]
    status: str
    looks: int
    next_look: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class OddEvent:
    """A finding about an event that nobody has settled; `accounts` are those that its customer is linked to,
    `other_hash` is the sha256 of the body that came with the same id."""

    id: int
    kind: str
    at: datetime
    event: EventName
    refs: tuple[str, ...]
    body_hash: str
    other_hash: str
    accounts: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Counts:
    """How many lines each list has without a filter."""

    accounts: int
    events: int
    findings: int


def count_failed(*, now: datetime) -> Counts:
    return Counts(_failing().count(), _stray(now).count(), _odd().count())


def failed_accounts(
    wanted: Wanted, *, now: datetime, after: AccountKey | None = None, limit: int = 50
) -> list[FailedAccount]:
    """Those that fail longest first."""
    rows = _failing()
    if wanted.state:
        rows = rows.filter(parked=wanted.state == "parked")
    if wanted.words:
        rows = rows.filter(Q(account__icontains=wanted.words) | Q(last_error__icontains=wanted.words))
    if after is not None:
        rows = rows.filter(Q(since__gt=after.since) | Q(since=after.since, account__gt=after.account_id))
    shown = list(rows.order_by("since", "account")[:limit])
    events = _waiting_events([row.account for row in shown])
    return [_failed(row, events.get(row.account, ((), 0)), now) for row in shown]


def stray_events(wanted: Wanted, *, now: datetime, below: int | None = None, limit: int = 50) -> list[StrayEvent]:
    """The latest first; `below` is the number at which a page ended."""
    rows = _stray(now)
    if wanted.state:
        rows = rows.filter(status=wanted.state)
    if wanted.source:
        rows = rows.filter(source=wanted.source)
    if wanted.words:
        named = Q(event_id__icontains=wanted.words) | Q(type__icontains=wanted.words)
        rows = rows.filter(named | Q(refs__contains=[wanted.words]))
    if below is not None:
        rows = rows.filter(id__lt=below)
    shown = list(rows.defer("body").order_by("-id")[:limit])
    refs = {ref for row in shown for ref in row.refs}
    seen = frozenset(StripeObject.objects.filter(id__in=refs).values_list("id", flat=True))
    return [_stray_event(row, seen) for row in shown]


def odd_events(wanted: Wanted, *, below: int | None = None, limit: int = 50) -> list[OddEvent]:
    """The latest first; `below` is the number at which a page ended."""
    rows = _odd()
    if wanted.state:
        rows = rows.filter(kind=wanted.state)
    if wanted.words:
        rows = rows.filter(Q(event__event_id__icontains=wanted.words) | Q(event__refs__contains=[wanted.words]))
    if below is not None:
        rows = rows.filter(id__lt=below)
    return [odd_event(row) for row in rows.select_related("event").defer("event__body").order_by("-id")[:limit]]


def event_name(row: Inbox) -> EventName:
    return EventName(row.id, row.source, row.type, row.event_id, row.received_at)


def odd_event(row: InboxFinding) -> OddEvent:
    return OddEvent(
        id=row.id,
        kind=row.kind,
        at=row.at,
        event=event_name(row.event),
        refs=tuple(row.event.refs),
        body_hash=row.event.body_hash,
        other_hash=row.detail.get("body_hash", ""),
        accounts=tuple(row.detail.get("accounts", ())),
    )


def _failing() -> QuerySet[Dirty]:
    """One that a person ignored has nothing unanswered."""
    return Dirty.objects.filter(Q(parked=True) | Q(attempts__gte=KEEPS_FAILING), gen__gt=F("done_gen"))


def _stray(now: datetime) -> QuerySet[Inbox]:
    late = Q(status=InboxStatus.UNROUTED, received_at__lt=now - WAITS_LONG)
    return Inbox.objects.filter(Q(status=InboxStatus.DEAD) | late)


def _odd() -> QuerySet[InboxFinding]:
    return InboxFinding.objects.filter(settled_at__isnull=True)


def _waiting_events(account_ids: list[str]) -> dict[str, tuple[tuple[EventName, ...], int]]:
    """Account → the latest events that no evaluation has seen, and how many there are of them."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"accounts": account_ids, "named": EVENTS_NAMED})
        found: dict[str, tuple[tuple[EventName, ...], int]] = {}
        for account, *name, total in cursor.fetchall():
            named, _ = found.get(account, ((), 0))
            found[account] = ((*named, EventName(*name)), total)
    return found


def _failed(row: Dirty, events: tuple[tuple[EventName, ...], int], now: datetime) -> FailedAccount:
    named, total = events
    return FailedAccount(
        account_id=row.account,
        gen=row.gen,
        attempts=row.attempts,
        is_parked=row.parked,
        is_running=row.lease_until is not None and row.lease_until > now,
        error=row.last_error,
        since=row.since,
        next_try=None if row.parked else row.not_before,
        waiting=row.gen - row.done_gen,
        causes=[one for one in row.causes if one["gen"] > row.done_gen],
        events=named,
        more_events=total - len(named),
    )


def _stray_event(row: Inbox, seen: frozenset[str]) -> StrayEvent:
    return StrayEvent(
        name=event_name(row),
        object_id=row.object_id,
        refs=tuple(row.refs),
        at_stripe=seen.intersection(row.refs),
        status=row.status,
        looks=row.attempts,
        next_look=row.next_at,
        note=row.note,
    )
