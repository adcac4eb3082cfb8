"""Lists of accounts to look through, the worst first, paged by the key of their order.

A page is a walk along one index that ends when the page is full, or after 5,000 accounts: what several filters leave
of a million accounts may be rare, and then the page says where to go on.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import connection

from recon.models.ranks import NEVER
from recon.queries.barred import ACCEPTANCE
from recon.queries.queue_filter import (
    KEY_COLUMNS,
    SORT_KEYS,
    Claimed,
    List,
    QueueFilter,
    Sort,
    conditions_of,
    few_of,
    lists_of,
    values_of,
)

__all__ = [
    "QueueFilter",
    "QueueKey",
    "QueueLine",
    "QueuePage",
    "Sort",
    "accounts_by_harm",
    "every_account",
    "queue_page",
]

MOST: Final = 200
LOOKED_AT: Final = 5_000
# Most pages are full after a few accounts, and for few the database walks along the index rather than sort the list.
LOOKED_AT_FIRST: Final = 250
EXPORTED_AT_ONCE: Final = 1_000
KEYED: Final = ", ".join(f"{expression} as {name}" for name, expression in KEY_COLUMNS.items())
LIST: Final = f"select *, {KEYED} from account_state where {{base}}"
WALK: Final = f"{LIST} order by {{key}} limit %(looked_at)s"
LINES: Final = """
select account_id, is_known, state, classes, details, findings, drifted_cells, writes, risk, owed, oldest_due_at,
       drift_since, has_inconsistent_flags as is_contradictory, harm_rank, owed_rank,
       (select c.person from work_claim c where c.account_id = each.account_id and c.touched_at > %(touched_after)s)
           as claimed_by,
       (select s.until from snooze s where s.account_id = each.account_id and s.until > %(now)s) as snoozed_until,
       (select max(a.until) from case_decision a where a.account_id = each.account_id and {accepted}) as accepted_until
from ({walk}) as each
where {conditions}
order by {key}
limit %(limit)s
"""
ENDED: Final = "select {key} from ({walk}) as each order by {key} offset %(looked_at)s - 1"


@dataclass(frozen=True, slots=True)
class QueueKey:
    """Where a page ended: the order's key of its last account, the account's id at its end."""

    parts: tuple[int | datetime | str, ...]


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One account of a list. `owed` is currency → minor units; `is_contradictory` is the second headline; `claimed_by`
    is user:name, where somebody has it in hand."""

    account_id: str
    is_known: bool
    state: str | None
    classes: tuple[str, ...]
    details: tuple[str, ...]
    findings: tuple[str, ...]
    drifted_cells: int
    writes: int
    risk: str | None
    owed: Mapping[str, int]
    oldest_due_at: datetime | None
    drift_since: datetime | None
    is_contradictory: bool
    harm_rank: int
    owed_rank: int
    claimed_by: str | None = None
    snoozed_until: datetime | None = None
    accepted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """`next` is None on the last page. `is_cut`: so many accounts were passed in vain that the page ended early."""

    lines: tuple[QueueLine, ...]
    next: QueueKey | None
    is_cut: bool = False


def queue_page(
    wanted: QueueFilter,
    *,
    sort: Sort = Sort.HARM,
    after: QueueKey | None = None,
    limit: int = 50,
    counts: Mapping[str, int] | None = None,
) -> QueuePage:
    """The next accounts after the key; at most 200. `counts` (list → accounts) tell which list is the shortest."""
    limit = min(limit, MOST)
    base = base_of(wanted, sort, counts or {})
    values = values_of(wanted) | {"limit": limit + 1}
    if after is not None:
        base = f"{base} and {_after(sort)}"
        values |= _key_values(after)
    for looked_at in (LOOKED_AT_FIRST, LOOKED_AT):
        values["looked_at"] = looked_at
        lines = _lines(base, wanted, sort, values)
        if len(lines) > limit:
            return QueuePage(tuple(lines[:limit]), key_of_line(lines[limit - 1], sort))
        ended = _ended(base, sort, values)
        if ended is None:
            break
    return QueuePage(tuple(lines), ended, is_cut=ended is not None)


def accounts_by_harm(wanted: QueueFilter, *, after: QueueKey | None = None, limit: int = 50) -> list[QueueLine]:
    """The next accounts after the key, however many are passed; at most 200."""
    values = values_of(wanted) | {"looked_at": None, "limit": min(limit, MOST)}
    return _after_key(wanted, Sort.HARM, after, values)


def every_account(wanted: QueueFilter, *, sort: Sort = Sort.HARM) -> Iterator[QueueLine]:
    """All of them, some at a time. An account whose key moves meanwhile may be passed, or come twice."""
    after: QueueKey | None = None
    values = values_of(wanted) | {"looked_at": None, "limit": EXPORTED_AT_ONCE}
    while lines := _after_key(wanted, sort, after, values):
        yield from lines
        after = key_of_line(lines[-1], sort)


def count_accounts(wanted: QueueFilter) -> int:
    """All of them, one by one: where a number is needed that binds."""
    sql = f"select count(*) from account_state as each where {' and '.join(conditions_of(wanted))}"
    with connection.cursor() as cursor:
        cursor.execute(sql, values_of(wanted))
        return int(cursor.fetchall()[0][0])


def key_of_account(account_id: str, sort: Sort) -> QueueKey | None:
    """Where the account stands in the order, in a list or not; None when there is none."""
    lines = _lines("account_id = %(id)s", None, sort, values_of(QueueFilter()) | {"id": account_id, "limit": 1})
    return key_of_line(lines[0], sort) if lines else None


def key_of_line(line: QueueLine, sort: Sort) -> QueueKey:
    since, due = line.drift_since or NEVER, line.oldest_due_at or NEVER
    return {
        Sort.HARM: QueueKey((line.harm_rank, line.owed_rank, since, line.account_id)),
        Sort.MONEY: QueueKey((line.owed_rank, line.account_id)),
        Sort.AGE: QueueKey((due, line.account_id)),
        Sort.SINCE: QueueKey((since, line.account_id)),
    }[sort]


def base_of(wanted: QueueFilter, sort: Sort, counts: Mapping[str, int]) -> str:
    """What is walked along: few accounts in people's hands, else the shortest list that is kept in this order."""
    if few := few_of(wanted):
        return few
    shortest = shortest_list(wanted, counts)
    if sort is Sort.HARM or counts.get(shortest.name, 0) <= LOOKED_AT:
        return shortest.condition
    return "true"


def shortest_list(wanted: QueueFilter, counts: Mapping[str, int]) -> List:
    return min(lists_of(wanted), key=lambda one: counts.get(one.name, 0))


def unclaimed(wanted: QueueFilter, *, at: datetime) -> QueueFilter:
    """The same, without what anybody has in hand, has put off or accepted."""
    return replace(wanted, at=at, claimed=Claimed.NOBODY, snoozed=None, accepted=None)


def _after_key(wanted: QueueFilter, sort: Sort, after: QueueKey | None, values: dict[str, Any]) -> list[QueueLine]:
    base = few_of(wanted) or shortest_list(wanted, {}).condition
    if after is None:
        return _lines(base, wanted, sort, values)
    return _lines(f"{base} and {_after(sort)}", wanted, sort, values | _key_values(after))


def _lines(base: str, wanted: QueueFilter | None, sort: Sort, values: dict[str, Any]) -> list[QueueLine]:
    key = ", ".join(SORT_KEYS[sort])
    walk = (WALK if values.get("looked_at") else LIST).format(base=base, key=key)
    conditions = " and ".join(conditions_of(wanted)) if wanted else "true"
    with connection.cursor() as cursor:
        cursor.execute(LINES.format(walk=walk, conditions=conditions, key=key, accepted=ACCEPTANCE), values)
        names = [column.name for column in cursor.description or ()]
        return [_line(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _ended(base: str, sort: Sort, values: dict[str, Any]) -> QueueKey | None:
    """The key of the last account that was walked past, where the walk did not come to the list's end."""
    key = ", ".join(SORT_KEYS[sort])
    with connection.cursor() as cursor:
        cursor.execute(ENDED.format(walk=WALK.format(base=base, key=key), key=key), values)
        row = cursor.fetchone()
    return QueueKey(tuple(row)) if row else None


def _after(sort: Sort) -> str:
    columns = [KEY_COLUMNS.get(name, name) for name in SORT_KEYS[sort]]
    places = ", ".join(f"%(after_{number})s" for number in range(len(columns)))
    return f"({', '.join(columns)}) > ({places})"


def _key_values(after: QueueKey) -> dict[str, Any]:
    return {f"after_{number}": part for number, part in enumerate(after.parts)}


def _line(row: dict[str, Any]) -> QueueLine:
    lists = {name: tuple(row[name]) for name in ("classes", "details", "findings")}
    return QueueLine(**{**row, **lists, "owed": json.loads(row["owed"])})
