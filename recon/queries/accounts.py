"""Accounts by their ids, for programs that walk through them: nobody's place moves while one walks.

A page is a stretch of one index that ends when the page is full, or after 5,000 accounts: what several filters leave
of a million accounts may be rare, and then the page says where to go on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from recon.queries.looks import latest_proof

LOOKED_AT: Final = 5_000
WALK: Final = """
select account_id, is_known, state, classes, details, findings, drifted_cells, writes, risk, owed, oldest_due_at,
       drift_since, evaluated_at, next_evaluation_at, steady_by is not null as is_steady
from account_state where {base} and account_id > %(after)s order by account_id limit %(looked_at)s
"""
PAGE: Final = "select * from ({walk}) as each where {conditions} order by account_id limit %(limit)s"
ENDED: Final = "select account_id from ({walk}) as each order by account_id offset %(looked_at)s - 1"


@dataclass(frozen=True, slots=True)
class AccountsFilter:
    """Which accounts; what is empty asks nothing. `least_minor` is of `currency`; `among` are ids to choose from."""

    of_class: str = ""
    state: str = ""
    currency: str = ""
    least_minor: int = 1
    among: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account's latest outcome. `owed` is currency → minor units. An account that is unknown now still counts under
    the drift that it was last known to have."""

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
    evaluated_at: datetime
    next_evaluation_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """`next` is the id to go on after, None on the last page."""

    lines: tuple[AccountLine, ...]
    next: str | None


def accounts_page(wanted: AccountsFilter, *, after: str = "", limit: int = 50) -> AccountsPage:
    """The next accounts with an id after that one."""
    walk = WALK.format(base=_base(wanted))
    values = _values(wanted) | {"after": after, "limit": limit + 1, "looked_at": LOOKED_AT}
    conditions = " and ".join(_conditions(wanted)) or "true"
    rows = _rows(PAGE.format(walk=walk, conditions=conditions), values)
    proof = latest_proof()
    lines = [_line(row, proof.at if proof else None) for row in rows]
    if len(lines) > limit:
        return AccountsPage(tuple(lines[:limit]), lines[limit - 1].account_id)
    ended = _rows(ENDED.format(walk=walk), values)
    return AccountsPage(tuple(lines), ended[0]["account_id"] if ended else None)


def _base(wanted: AccountsFilter) -> str:
    """What is walked along, each in an index of its own: the smallest that holds all who are asked for."""
    if wanted.among is not None:
        return "account_id = any(%(among)s)"
    if wanted.of_class:
        return "drifted_cells > 0"
    if wanted.state:
        return "state = %(state)s"
    return "owed <> '{}'" if wanted.currency else "true"


def _conditions(wanted: AccountsFilter) -> list[str]:
    asked = {
        "classes @> array[%(class)s]::text[]": wanted.of_class,
        "state = %(state)s": wanted.state,
        "(owed ->> %(currency)s)::numeric >= %(least)s": wanted.currency,
    }
    return [condition for condition, wants in asked.items() if wants]


def _values(wanted: AccountsFilter) -> dict[str, Any]:
    return {
        "class": wanted.of_class,
        "state": wanted.state,
        "currency": wanted.currency,
        "least": wanted.least_minor,
        "among": list(wanted.among or ()),
    }


def _rows(sql: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _line(row: dict[str, Any], proved_at: datetime | None) -> AccountLine:
    lists = {name: tuple(row[name]) for name in ("classes", "details", "findings")}
    if row.pop("is_steady") and proved_at is not None:
        row["evaluated_at"] = max(row["evaluated_at"], proved_at)
    return AccountLine(**{**row, **lists, "owed": json.loads(row["owed"])})
