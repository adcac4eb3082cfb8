"""Lists of accounts by harm: a payer who is locked out first, then the most money, then the id; paged by that key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

MOST = 200
# Amounts of two currencies are never added: an account ranks by its largest single amount.
RANKED = """
select account_id, is_known, state, classes, details, findings, drifted_cells, writes, risk, owed, oldest_due_at,
       drift_since, has_inconsistent_flags as is_contradictory, payer_first, money_first
from (
    select *, case when 'paid_but_blocked' = any(details) then 0 else 1 end as payer_first,
           -coalesce((select max(minor::bigint) from jsonb_each_text(owed) as each (currency, minor)), 0) as money_first
    from account_state
) as ranked
where {conditions}
order by payer_first, money_first, account_id
limit %(limit)s
"""
AFTER = "(payer_first, money_first, account_id) > (%(payer_first)s, %(money_first)s, %(account_id)s)"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a list holds. Without a finding or a verdict it is the accounts with drift."""

    of_class: str = ""
    detail: str = ""
    state: str = ""
    finding: str = ""
    cluster: str = ""
    unknown_only: bool = False


@dataclass(frozen=True, slots=True)
class QueueKey:
    """Where a page ended: the sort key of its last account."""

    payer_first: int
    money_first: int
    account_id: str


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One account of a list. `owed` is currency → minor units; `is_contradictory` is the second headline."""

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
    payer_first: int
    money_first: int

    @property
    def key(self) -> QueueKey:
        return QueueKey(self.payer_first, self.money_first, self.account_id)


def accounts_by_harm(wanted: QueueFilter, *, after: QueueKey | None = None, limit: int = 50) -> list[QueueLine]:
    """The next accounts after the key; at most 200."""
    conditions, values = _conditions(wanted)
    if after is not None:
        conditions.append(AFTER)
        values |= {"payer_first": after.payer_first, "money_first": after.money_first, "account_id": after.account_id}
    return [_line(row) for row in _rows(RANKED, conditions, values | {"limit": min(limit, MOST)})]


def count_accounts(wanted: QueueFilter) -> int:
    conditions, values = _conditions(wanted)
    [row] = _rows("select count(*) as number from account_state where {conditions}", conditions, values)
    return int(row["number"])


def _conditions(wanted: QueueFilter) -> tuple[list[str], dict[str, Any]]:
    """SQL of our own with the wanted words as parameters."""
    values = {"class": [wanted.of_class], "detail": [wanted.detail], "state": wanted.state, "finding": [wanted.finding]}
    values["cluster"] = wanted.cluster
    asked = {
        "classes @> %(class)s::text[]": wanted.of_class,
        "has_inconsistent_flags": wanted.detail == "contradictory",
        "details @> %(detail)s::text[]": wanted.detail and wanted.detail != "contradictory",
        "state = %(state)s": wanted.state,
        "findings @> %(finding)s::text[]": wanted.finding,
        "cluster = %(cluster)s": wanted.cluster,
        "not is_known": wanted.unknown_only,
        "drifted_cells > 0": not wanted.finding and not wanted.unknown_only,
    }
    return [condition for condition, wants in asked.items() if wants], values


def _rows(sql: str, conditions: list[str], values: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(conditions=" and ".join(conditions)), values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _line(row: dict[str, Any]) -> QueueLine:
    lists = {name: tuple(row[name]) for name in ("classes", "details", "findings")}
    return QueueLine(**{**row, **lists, "owed": json.loads(row["owed"])})
