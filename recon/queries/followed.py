"""What befell an account, from events to repairs, with the request and the trace that each is to be found under."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

FOLLOWED: Final = """
select at, what, request_id, coalesce(split_part(traceparent, '-', 2), '') from (
    select received_at as at, concat_ws(' ', 'event', source, type, inbox.event_id) as what, '' as request_id,
        traceparent
    from inbox_mark join inbox on inbox.id = inbox_mark.event_id where account_id = %(account)s
    union all
    select at, 'recompute', '', traceparent from recompute where account_id = %(account)s
    union all
    select created_at, concat_ws(' ', 'repair', id, state), request_id, traceparent from apply
    where account_id = %(account)s
    union all
    select at, 'told ' || kind, '', traceparent from outbox where account_id = %(account)s
) as found order by at desc limit %(most)s
"""


@dataclass(frozen=True, slots=True)
class Followed:
    """`what` in words and ids; `request_id` is empty where no request asked, `trace` where traces were off."""

    at: datetime
    what: str
    request_id: str
    trace: str


def followed(account_id: str, *, most: int) -> list[Followed]:
    """The latest, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(FOLLOWED, {"account": account_id, "most": most})
        return [Followed(*row) for row in reversed(cursor.fetchall())]
