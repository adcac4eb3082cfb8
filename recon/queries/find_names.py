"""Accounts by a piece of an email or a name: how it begins, what it holds, and what is one slip away.

Each look-up is one bounded statement over an index; one that takes too long all the same is given up.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from recon.queries.handles import fold, grams_of
from recon.queries.spelling import is_one_slip_from, survivors

MOST = 20
CANDIDATES = 200
SAMPLE = 2_000
PATIENCE_MS = 1_000

BEGINS = """
(select account_id, 'email' from account_handles where first_email like %(start)s
 order by first_email using ~<~ limit %(most)s)
union all
(select account_id, 'name' from account_handles where first_name like %(start)s
 order by first_name using ~<~ limit %(most)s)
"""
HOLDS = "select account_id, words from account_handles where grams @> %(grams)s::text[] limit %(most)s"
SURVIVED = """
select account_id, words from (
    select account_id, words, grams from account_handles where {survived} limit %(sample)s
) as sample
order by cardinality(array(select unnest(grams) intersect select unnest(%(grams)s::text[]))) desc, account_id
limit %(most)s
"""


class Likeness(StrEnum):
    """How a name or an email is like what was asked for."""

    EMAIL_BEGINS = "email_begins"
    NAME_BEGINS = "name_begins"
    HOLDS = "holds"
    ONE_SLIP = "one_slip"


@dataclass(frozen=True, slots=True)
class Alike:
    """Account → by what, the likeliest first. `has_more`: there are more than these; `gave_up`: it took too long."""

    accounts: Mapping[str, Likeness]
    has_more: bool = False
    gave_up: bool = False


def find_alike(term: str) -> Alike:
    """At most 20 accounts with such an email or name; a slip is looked for where nothing holds the term as it is."""
    folded = fold(term)
    if not any(letter.isalnum() for letter in folded):
        return Alike({})
    found: dict[str, Likeness] = {}
    try:
        with _patience():
            for account_id, where in _rows(BEGINS, {"start": f"{_literal(folded)}%", "most": MOST + 1}):
                found.setdefault(account_id, Likeness.EMAIL_BEGINS if where == "email" else Likeness.NAME_BEGINS)
            found |= {id: Likeness.HOLDS for id in _holding(folded) if id not in found}
            found = found or dict.fromkeys(_one_slip_away(folded), Likeness.ONE_SLIP)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return Alike(dict(list(found.items())[:MOST]), has_more=bool(found), gave_up=True)
    return Alike(dict(list(found.items())[:MOST]), has_more=len(found) > MOST)


def _holding(folded: str) -> list[str]:
    """Accounts of which some email or name holds each word; none for a term without three letters in a row."""
    grams = sorted(grams_of(folded))
    rows = _rows(HOLDS, {"grams": grams, "most": CANDIDATES}) if grams else []
    held = [(words, id) for id, words in rows if all(any(one in text for text in words) for one in folded.split())]
    return [id for _, id in sorted(held)]


def _one_slip_away(folded: str) -> list[str]:
    sets = survivors(folded)
    if not sets:
        return []
    names = [f"set_{number}" for number in range(len(sets))]
    survived = " or ".join(f"grams @> %({name})s::text[]" for name in names)
    values = dict(zip(names, sets, strict=True)) | {
        "grams": sorted(grams_of(folded)),
        "sample": SAMPLE,
        "most": CANDIDATES,
    }
    return [id for id, words in _rows(SURVIVED.format(survived=survived), values) if is_one_slip_from(folded, words)]


def _literal(text: str) -> str:
    """For `like`, without what `like` would read as any letters."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _rows(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


@contextmanager
def _patience() -> Iterator[None]:
    """Statements within are cancelled after a second each; outside, all is as it was."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select current_setting('statement_timeout')")
        [(before,)] = cursor.fetchall()
        cursor.execute("select set_config('statement_timeout', %s, true)", [str(PATIENCE_MS)])
        yield
        cursor.execute("select set_config('statement_timeout', %s, true)", [before])
