"""What a list of accounts is asked for: a filter, an order, and both as the database reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from recon.models.ranks import CLASSES, DETAILS, FINDINGS, NEVER
from recon.queries.barred import ACCEPTANCE

CLAIM_LASTS: Final = timedelta(minutes=30)
"""How long after the last touch an account is in somebody's hand."""
CONTRADICTORY: Final = "contradictory"
"""A detail to ask for that is a column of its own: the second headline."""
_NEVER: Final = f"'{NEVER.isoformat()}'::timestamptz"


class Age(StrEnum):
    """Days past due of an account's oldest open invoice."""

    NOT_DUE = "not_due"
    UP_TO_30 = "1-30"
    UP_TO_60 = "31-60"
    UP_TO_90 = "61-90"
    OVER_90 = "over-90"


class Claimed(StrEnum):
    """In whose hand."""

    ME = "me"
    NOBODY = "nobody"
    ANYBODY = "anybody"


class Snoozed(StrEnum):
    """Without a word of these, what is snoozed is hidden."""

    TOO = "too"
    ONLY = "only"


class Accepted(StrEnum):
    """Without a word of these, what is accepted is hidden."""

    TOO = "too"
    ONLY = "only"


class Sort(StrEnum):
    """The order: the worst, the most, the longest overdue, the longest wrong first."""

    HARM = "harm"
    MONEY = "money"
    AGE = "age"
    SINCE = "since"


SORT_KEYS: Final[Mapping[Sort, tuple[str, ...]]] = {
    Sort.HARM: ("harm_rank", "owed_rank", "wrong_since", "account_id"),
    Sort.MONEY: ("owed_rank", "account_id"),
    Sort.AGE: ("due_since", "account_id"),
    Sort.SINCE: ("wrong_since", "account_id"),
}
KEY_COLUMNS: Final[Mapping[str, str]] = {
    "wrong_since": f"coalesce(drift_since, {_NEVER})",
    "due_since": f"coalesce(oldest_due_at, {_NEVER})",
}
"""The keys that are no columns, as the indexes have them."""
_AGES: Final[Mapping[Age, tuple[int | None, int | None]]] = {  # days past due: at least, at most
    Age.NOT_DUE: (None, 0),
    Age.UP_TO_30: (1, 30),
    Age.UP_TO_60: (31, 60),
    Age.UP_TO_90: (61, 90),
    Age.OVER_90: (91, None),
}


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a list holds. Without a finding or a verdict it is the accounts with drift; with `not_only_drift` and a
    state, the others of that state too.

    `least_minor` is of `currency`. `person` (user:name) is who `claimed=me` means. `at` is the clock for ages, claims,
    snoozes and acceptances; without it none of these is looked at.
    """

    of_class: str = ""
    detail: str = ""
    state: str = ""
    finding: str = ""
    cluster: str = ""
    unknown_only: bool = False
    not_only_drift: bool = False
    currency: str = ""
    least_minor: int = 0
    age: Age | None = None
    claimed: Claimed | None = None
    snoozed: Snoozed | None = None
    accepted: Accepted | None = None
    person: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class List:
    """One list that is kept in the order of harm: the name its count is kept under, and its condition."""

    name: str
    condition: str


def lists_of(wanted: QueueFilter) -> list[List]:
    """Every kept list that holds all accounts that are asked for."""
    found = [*_closed("class", "classes", wanted.of_class, CLASSES), *_detail_lists(wanted.detail)]
    found += _closed("finding", "findings", wanted.finding, FINDINGS)
    if wanted.unknown_only:
        found.append(List("unknown", "not is_known"))
    if wanted.cluster:
        found.append(List("cluster", "cluster <> '' and cluster = %(cluster)s"))
    if wanted.state and wanted.state != "clear":
        # Those that drift stand first in it.
        drift = "" if _takes_all(wanted) else " and harm_rank < 2"
        kind = "any" if _takes_all(wanted) else "state"
        found.append(List(f"{kind}:{wanted.state}", f"state <> 'clear' and state = %(state)s{drift}"))
    return found or [List("drifted", "drifted_cells > 0")]


def conditions_of(wanted: QueueFilter) -> list[str]:
    """SQL of our own, with what was asked for as parameters."""
    asked = {
        "classes @> array[%(class)s]::text[]": wanted.of_class,
        "has_inconsistent_flags": wanted.detail == CONTRADICTORY,
        "details @> array[%(detail)s]::text[]": wanted.detail and wanted.detail != CONTRADICTORY,
        "state = %(state)s": wanted.state,
        "findings @> array[%(finding)s]::text[]": wanted.finding,
        "cluster = %(cluster)s": wanted.cluster,
        "not is_known": wanted.unknown_only,
        "drifted_cells > 0": not _takes_all(wanted),
        "(owed ->> %(currency)s)::numeric >= %(least)s": wanted.currency,
    }
    return [condition for condition, wants in asked.items() if wants] + _conditions_now(wanted)


def values_of(wanted: QueueFilter) -> dict[str, Any]:
    """The parameters of these conditions."""
    now = wanted.at or datetime.min.replace(tzinfo=UTC) + CLAIM_LASTS
    least, most = _due_between(wanted.age, now) if wanted.age and wanted.at else (None, None)
    return {
        "class": wanted.of_class,
        "detail": wanted.detail,
        "state": wanted.state,
        "finding": wanted.finding,
        "cluster": wanted.cluster,
        "currency": wanted.currency,
        "least": max(wanted.least_minor, 1),
        "due_from": least,
        "due_before": most,
        "person": wanted.person,
        "now": now,
        "touched_after": now - CLAIM_LASTS,
    }


def midnight_of(now: datetime) -> datetime:
    """What is due before it is past due."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


# Looked up account by account, so that a page stays a walk along one index and ends when it is full.
CLAIM_OF: Final = "select 1 from work_claim c where c.account_id = each.account_id and c.touched_at > %(touched_after)s"
SNOOZE_OF: Final = "select 1 from snooze s where s.account_id = each.account_id and s.until > %(now)s"
ACCEPTED_OF: Final = f"select from case_decision a where a.account_id = each.account_id and {ACCEPTANCE}"


def few_of(wanted: QueueFilter) -> str:
    """The condition of a filter by people, who hold few accounts however many there are; empty without one."""
    if wanted.at is None:
        return ""
    claims = "account_id in (select account_id from work_claim where touched_at > %(touched_after)s{mine})"
    if wanted.claimed is Claimed.ME:
        return claims.format(mine=" and person = %(person)s")
    if wanted.claimed is Claimed.ANYBODY:
        return claims.format(mine="")
    if wanted.snoozed is Snoozed.ONLY:
        return "account_id in (select account_id from snooze where until > %(now)s)"
    if wanted.accepted is Accepted.ONLY:
        return f"account_id in (select account_id from case_decision where {ACCEPTANCE})"
    return ""


def _conditions_now(wanted: QueueFilter) -> list[str]:
    if wanted.at is None:
        return []
    asked = {
        f"({CLAIM_OF}) is null": wanted.claimed is Claimed.NOBODY,
        f"({CLAIM_OF}) is not null": wanted.claimed is Claimed.ANYBODY,
        f"({CLAIM_OF} and c.person = %(person)s) is not null": wanted.claimed is Claimed.ME,
        f"({SNOOZE_OF}) is null": wanted.snoozed is None,
        f"({SNOOZE_OF}) is not null": wanted.snoozed is Snoozed.ONLY,
        f"not exists ({ACCEPTED_OF})": wanted.accepted is None,
        f"exists ({ACCEPTED_OF})": wanted.accepted is Accepted.ONLY,
        "(oldest_due_at is null or oldest_due_at >= %(due_from)s)": wanted.age is Age.NOT_DUE,
        "oldest_due_at >= %(due_from)s": wanted.age not in {None, Age.NOT_DUE, Age.OVER_90},
        "oldest_due_at < %(due_before)s": wanted.age not in {None, Age.NOT_DUE},
    }
    return [condition for condition, wants in asked.items() if wants]


def _due_between(age: Age, now: datetime) -> tuple[datetime | None, datetime | None]:
    """From when, and before when, the oldest is due: one day past due begins with the midnight after its day."""
    least, most = _AGES[age]
    midnight = midnight_of(now)
    due_from = None if most is None else midnight - timedelta(days=most)
    return due_from, None if least is None else midnight - timedelta(days=least - 1)


def _takes_all(wanted: QueueFilter) -> bool:
    """Accounts without drift too."""
    return bool(wanted.finding or wanted.unknown_only or (wanted.not_only_drift and wanted.state))


def _closed(kind: str, column: str, word: str, known: tuple[str, ...]) -> list[List]:
    """The word stands in the text as it stands in the index's own condition."""
    return [List(f"{kind}:{word}", f"{column} @> array['{word}']::text[]")] if word in known else []


def _detail_lists(detail: str) -> list[List]:
    if detail == CONTRADICTORY:
        return [List(f"detail:{CONTRADICTORY}", "has_inconsistent_flags")]
    return _closed("detail", "details", detail, DETAILS)
