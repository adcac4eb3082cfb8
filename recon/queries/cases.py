"""The cases: findings that nobody has decided on, and decisions that wait for a store's owner, run, or are over."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.db import connection
from django.db.models import Count, QuerySet

from recon.models import CaseClosing, CaseDecision, CaseKind
from recon.models.cases import STANDS
from recon.models.ranks import FINDINGS
from recon.queries.case_subjects import DRIFT, subjects_of

__all__ = ["DRIFT", "CaseClosing", "CaseKind", "CaseQuery", "Decision", "OpenCase", "Part"]

LOOKED_AT: Final = 200
MOST_ROUNDS: Final = 10
EXPORTED_AT_ONCE: Final = 1_000
# As the indexes have it.
SINCE: Final = "(standing #>> '{{{finding},since}}') collate \"C\""
# One walk along an index for each finding, the longest standing first.
OPEN: Final = """
(select account_id, '{finding}' as finding, {since} as since, evaluation_id, state, is_known, harm_rank
 from account_state
 where standing ? '{finding}' and ({since}, account_id) >= (%(since)s, %(account)s)
   and ({since}, account_id, '{finding}') > (%(since)s, %(account)s, %(finding)s)
 order by {since}, account_id limit %(limit)s)
"""
LINES: Final = """
select found.account_id, found.finding, found.since, found.state, found.is_known, found.harm_rank,
       e.findings, array(
           select refs_hash from case_decision d
           where d.account_id = found.account_id and d.finding = found.finding
             and d.ended_at is null and d.closed_at is null) as decided
from (select * from ({walks}) as walks order by since, account_id, finding limit %(limit)s) as found
join evaluation e on e.id = found.evaluation_id
order by found.since, found.account_id, found.finding
"""


class Part(StrEnum):
    """Which cases a list holds."""

    OPEN = "open"  # nobody has decided
    WAITING = "waiting"  # decided; a store's owner has to act
    ACCEPTED = "accepted"  # let be until a day
    OVER = "over"  # the stores closed it, or a person ended it


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """What a list is asked for; empty: any."""

    part: Part = Part.OPEN
    finding: str = ""
    kind: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. `told` is what the owner of the store (`owner`) was told: {sentence, call}. It stands while neither
    `ended_at` (a person, or its last day) nor `closed_at` (an evaluation, and why: `closing`) is set."""

    id: int
    account_id: str
    finding: str
    text: str
    refs: Sequence[str]
    refs_hash: str
    kind: CaseKind
    params: Mapping[str, Any]
    owner: str
    told: Mapping[str, str]
    covers_severe: bool
    until: datetime | None
    reason: str
    decided_by: str
    at: datetime
    ended_at: datetime | None
    ended_by: str
    end_reason: str
    closed_at: datetime | None
    closing: str

    @property
    def stands(self) -> bool:
        return self.ended_at is None and self.closed_at is None

    @property
    def is_acceptance(self) -> bool:
        return self.kind is CaseKind.ACCEPT


@dataclass(frozen=True, slots=True)
class OpenKey:
    """Where a page of open cases ended."""

    since: str
    account: str
    finding: str


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A finding that stands on an account, of which not all is decided: the sentences of what is not. None of them
    where the account could not be read since."""

    account_id: str
    finding: str
    since: datetime
    state: str | None
    is_known: bool
    harm_rank: int
    texts: tuple[str, ...]
    decided: int


@dataclass(frozen=True, slots=True)
class OpenPage:
    """`next` is None on the last page."""

    lines: tuple[OpenCase, ...]
    next: OpenKey | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How many decisions stand; `cases` is how many findings of an account have one."""

    waiting: int
    accepted: int
    cases: int


BEGIN: Final = OpenKey("", "", "")


def open_cases(finding: str = "", *, after: OpenKey | None = None, limit: int = 50) -> OpenPage:
    """The longest standing first. Those decided on already are passed, 2,000 at most for one page."""
    key, found = after or BEGIN, list[tuple[OpenKey, OpenCase]]()
    for _ in range(MOST_ROUNDS):
        rows = _rows([finding] if finding in FINDINGS else list(FINDINGS), key, LOOKED_AT)
        found += [(_key(row), case) for row in rows if (case := _open(row)) is not None]
        if len(found) > limit:
            return OpenPage(tuple(case for _, case in found[:limit]), found[limit - 1][0])
        if len(rows) < LOOKED_AT:
            return OpenPage(tuple(case for _, case in found), None)
        key = _key(rows[-1])
    return OpenPage(tuple(case for _, case in found), key)


def decisions(wanted: CaseQuery, *, after: int | None = None, limit: int = 50) -> list[Decision]:
    """Those that stand in the order in which they were made; those that are over, the latest first. `after` is the
    number at which a page ended."""
    rows = _of(wanted)
    if wanted.part is Part.OVER:
        rows = rows.filter(id__lt=after) if after is not None else rows
        return [decision_of(row) for row in rows.order_by("-id").values()[:limit]]
    rows = rows.filter(id__gt=after) if after is not None else rows
    return [decision_of(row) for row in rows.order_by("id").values()[:limit]]


def every_decision(wanted: CaseQuery) -> Iterator[Decision]:
    """All of them, read a thousand at a time."""
    after: int | None = None
    while page := decisions(wanted, after=after, limit=EXPORTED_AT_ONCE):
        yield from page
        after = page[-1].id


def standing_decisions() -> Standing:
    counted = CaseDecision.objects.filter(STANDS).values_list("kind").annotate(Count("id"))
    numbers = dict(counted.order_by())
    accepted = numbers.pop(CaseKind.ACCEPT, 0)
    decided = CaseDecision.objects.filter(STANDS).exclude(finding=DRIFT).values("account_id", "finding").distinct()
    return Standing(sum(numbers.values()), accepted, decided.count())


def decision_of(row: Mapping[str, Any]) -> Decision:
    """Of a row as the database gives it, or as JSON tells it."""
    given = {name: row[name] for name in Decision.__slots__ if name not in {"told", "kind"}}
    moments = {name: _moment(row[name]) for name in ("at", "until", "ended_at", "closed_at")}
    return Decision(**{**given, **moments, "told": row["hand_over"], "kind": CaseKind(row["kind"])})


def _of(wanted: CaseQuery) -> QuerySet[CaseDecision]:
    rows = CaseDecision.objects.exclude(STANDS) if wanted.part is Part.OVER else CaseDecision.objects.filter(STANDS)
    if wanted.part is Part.WAITING:
        rows = rows.exclude(kind=CaseKind.ACCEPT)
    if wanted.part is Part.ACCEPTED:
        rows = rows.filter(kind=CaseKind.ACCEPT)
    asked = {"finding": wanted.finding, "kind": wanted.kind, "owner": wanted.owner}
    return rows.filter(**{name: value for name, value in asked.items() if value})


def _rows(findings: Sequence[str], key: OpenKey, limit: int) -> list[dict[str, Any]]:
    walks = " union all ".join(OPEN.format(finding=one, since=SINCE.format(finding=one)) for one in findings)
    values: dict[str, Any] = {"since": key.since, "account": key.account, "finding": key.finding, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(LINES.format(walks=walks), values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _open(row: Mapping[str, Any]) -> OpenCase | None:
    found = [one for one in subjects_of(json.loads(row["findings"]), ()) if one.finding == row["finding"]]
    texts = tuple(one.text for one in found if one.refs_hash not in row["decided"])
    if not texts and row["decided"]:
        return None
    return OpenCase(
        account_id=row["account_id"],
        finding=row["finding"],
        since=datetime.fromisoformat(row["since"]),
        state=row["state"],
        is_known=row["is_known"],
        harm_rank=row["harm_rank"],
        texts=texts,
        decided=len(found) - len(texts),
    )


def _key(row: Mapping[str, Any]) -> OpenKey:
    return OpenKey(row["since"], row["account_id"], row["finding"])


def _moment(value: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
