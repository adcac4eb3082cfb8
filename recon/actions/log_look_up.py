"""Record that somebody saw an account: apart from the audit of writes, without its lock, and prunable."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

SAME_LOOK: Final = timedelta(minutes=1)
INSERT: Final = """
insert into look_up (at, actor, account_id, by, request_id)
select %(now)s, %(actor)s, account, %(by)s, %(request_id)s from unnest(%(accounts)s::text[]) as account
where not exists (
    select from look_up where account_id = account and actor = %(actor)s and at > %(since)s and at <= %(now)s
)
"""


def log_look_up(account_ids: str | Iterable[str], *, actor: str, by: str, now: datetime, request_id: str = "") -> int:
    """How many entries it made: who sees an account again within a minute has one. `by` is the page, as "account"."""
    accounts = {account_ids} if isinstance(account_ids, str) else set(account_ids)
    if not accounts:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            {
                "now": now,
                "since": now - SAME_LOOK,
                "actor": actor,
                "accounts": sorted(accounts),
                "by": by,
                "request_id": request_id,
            },
        )
        return int(cursor.rowcount)
