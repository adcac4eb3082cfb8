"""What comes of taking an account in hand, and the claims themselves as one row an account.

Claims are no decisions and leave no entry in the audit: they end by themselves half an hour after the last touch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from recon.actions.authority import Right, holds
from recon.queries.queue_filter import CLAIM_LASTS

LONGEST_QUERY: Final = 2_000  # characters
# Who comes second waits until the first has committed, finds a live claim, and gets nothing.
TAKE: Final = """
insert into work_claim (account_id, person, claimed_at, touched_at, query)
select account_id, %(person)s, %(now)s, %(now)s, %(query)s from account_state where account_id = %(account_id)s
on conflict (account_id) do update
set person = excluded.person, touched_at = excluded.touched_at, query = excluded.query,
    claimed_at = case when work_claim.person = excluded.person then work_claim.claimed_at else excluded.claimed_at end
where work_claim.touched_at <= %(ended)s or (work_claim.person = excluded.person and %(again)s)
returning account_id
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The account that is in hand now, or why there is none: a word for programs and a sentence for people."""

    account_id: str = ""
    code: str = ""
    sentence: str = ""


MAY_NOT_WORK: Final = Claimed(code="forbidden", sentence="Your role may look at a queue and not work through it.")


def may_work(groups: Iterable[str]) -> bool:
    return holds(groups, Right.WORK)


def take(account_id: str, *, person: str, now: datetime, query: str, again: bool) -> bool:
    """One row, by whoever is first. `again`: one's own claim begins anew; else it counts as taken, too."""
    values: dict[str, str | bool | datetime] = {
        "account_id": account_id,
        "person": person,
        "now": now,
        "ended": now - CLAIM_LASTS,
        "query": query[:LONGEST_QUERY],
        "again": again,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, values)
        return cursor.fetchone() is not None
