"""What was done, by whom and why: entries of the audit chain, newest first, paged by their number."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection
from django.db.models import QuerySet

from recon.models import AuditEntry

TROUBLED: Final = ("repair.refused", "repair.failed", "repair.needs_person", "repair.expired")
"""The actions of attempts that came to nothing, or to less than was approved."""
EXPORTED_AT_ONCE: Final = 1_000
FEW: Final = 2_000
CLOCK_STEPS: Final = timedelta(hours=1)
# One look into the index for each action there is, however many entries there are.
ACTIONS: Final = """
with recursive each (action) as (
    (select action from audit order by action limit 1)
    union all
    select (select action from audit where action > each.action order by action limit 1) from each
    where each.action is not null
)
select action from each where action is not null
"""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry of the chain; `action` is dotted, as repair.applied."""

    seq: int
    at: datetime
    actor: str
    action: str
    account_id: str | None
    reason: str
    request_id: str
    apply_id: str | None
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """One entry with what seals it: `sealed_text` is the text whose sha256 is `hash`; `prev` is the hash before it."""

    line: AuditLine
    body: str
    sealed_text: str
    prev: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What is asked for; what is empty asks nothing. `seen_by` is whoever may see only their own entries."""

    seen_by: str = ""
    actor: str = ""
    action: str = ""
    is_troubled: bool = False
    account: str = ""
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    apply_id: UUID | None = None
    request_id: str = ""


def audit_entries(wanted: AuditFilter, *, below: int | None = None, limit: int = 50) -> list[AuditLine]:
    """The newest entries with a number below `below`."""
    rows = _matching(wanted)
    if below is not None:
        rows = rows.filter(seq__lt=below)
    return [_line(row) for row in rows.order_by("-seq")[:limit]]


def every_entry(wanted: AuditFilter) -> Iterator[AuditLine]:
    """All of them, newest first, some at a time; one that is appended meanwhile is left out."""
    below: int | None = None
    while page := audit_entries(wanted, below=below, limit=EXPORTED_AT_ONCE):
        yield from page
        below = page[-1].seq


def audit_actions() -> list[str]:
    """Every action that was ever recorded, in order."""
    with connection.cursor() as cursor:
        cursor.execute(ACTIONS)
        return [action for (action,) in cursor.fetchall()]


def sealed_entry(seq: int, *, seen_by: str = "") -> SealedEntry | None:
    """One entry; None when there is none, or when it is another's and `seen_by` sees only their own."""
    row = _matching(AuditFilter(seen_by=seen_by)).filter(seq=seq).first()
    if row is None:
        return None
    text = sealed_text(row.seq, row.at, bytes(row.prev), row.body)
    return SealedEntry(_line(row), row.body, text, bytes(row.prev).hex(), bytes(row.hash).hex())


def sealed_text(seq: int, at: datetime, prev: bytes, body: str) -> str:
    """The text whose sha256 is the entry's hash, as the database function `audit_append` writes it."""
    return f"v1|{seq}|{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}|{prev.hex()}|{body}"


def _matching(wanted: AuditFilter) -> QuerySet[AuditEntry]:
    asked = {
        "account": wanted.account,
        "action": wanted.action,
        "action__in": TROUBLED if wanted.is_troubled else None,
        "apply_id": wanted.apply_id,
        "request_id": wanted.request_id,
    }
    rows = AuditEntry.objects.filter(**{name: value for name, value in asked.items() if value})
    for actor in filter(None, (wanted.seen_by, wanted.actor)):
        rows = rows.filter(actor=actor)
    if wanted.words:
        rows = _saying(rows, wanted.words)
    return _between(rows, wanted.since, wanted.until)


def _saying(rows: QuerySet[AuditEntry], words: str) -> QuerySet[AuditEntry]:
    """Words that few entries hold are looked up first: a walk along the list would pass all others on its way."""
    said = SearchVector("reason", config="simple")
    holds = {"said": SearchQuery(words, config="simple")}
    few = list(AuditEntry.objects.annotate(said=said).filter(**holds).values_list("seq", flat=True)[: FEW + 1])
    return rows.filter(seq__in=few) if len(few) <= FEW else rows.annotate(said=said).filter(**holds)


def _between(rows: QuerySet[AuditEntry], since: datetime | None, until: datetime | None) -> QuerySet[AuditEntry]:
    """Also by the number, so that an index in the list's own order finds the moment; a clock may have stepped a bit."""
    if since is not None:
        first = AuditEntry.objects.filter(at__gte=since - CLOCK_STEPS).order_by("at", "seq").first()
        rows = rows.filter(at__gte=since, seq__gte=first.seq) if first else rows.none()
    if until is not None:
        last = AuditEntry.objects.filter(at__lt=until + CLOCK_STEPS).order_by("-at", "-seq").first()
        rows = rows.filter(at__lt=until, seq__lte=last.seq) if last else rows.none()
    return rows


def _line(row: AuditEntry) -> AuditLine:
    return AuditLine(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        action=row.action,
        account_id=row.account,
        reason=row.reason,
        request_id=row.request_id,
        apply_id=str(row.apply_id) if row.apply_id else None,
        before=row.before,
        after=row.after,
    )
