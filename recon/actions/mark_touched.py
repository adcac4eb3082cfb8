"""Mark every account that other numbers can touch, so that each is evaluated by them.

They come due one after another, at a pace that leaves workers and Stripe to what happens meanwhile: a mark of now goes
ahead of all that are due later, and takes an account out of the row. The next sweep comes by most of them sooner.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.db import connection

from recon.actions.dirty import CauseKind

MOST_A_SECOND: Final = 20
STRIPE_REQUESTS: Final = 8  # of one live reading, about
# One that waits already is evaluated anyway; one that is being evaluated may have been read by the former numbers. An
# account that is parked stays so: it waits for a person.
MARK: Final = """
insert into dirty as known (account, gen, done_gen, attempts, not_before, parked, last_error, causes, since)
select account_id, 1, 0, 0,
       %(now)s::timestamptz + (row_number() over (order by account_id) - 1) * %(gap)s * interval '1 second',
       false, '', jsonb_build_array(%(cause)s::jsonb || '{"gen": 1}'), %(now)s
from account_state where policy_inputs && %(parts)s::text[]
order by account_id
on conflict (account) do update
set gen = known.gen + 1, since = excluded.since,
    not_before = case when known.attempts = 0 then excluded.not_before else known.not_before end,
    causes = (case when jsonb_array_length(known.causes) < 20 then known.causes else known.causes - 0 end)
        || jsonb_build_array(%(cause)s::jsonb || jsonb_build_object('gen', known.gen + 1))
where known.gen = known.done_gen or known.token is not null
"""


def mark_touched(parts: Sequence[str], *, number: int, now: datetime) -> int:
    """`parts` as `policy_inputs` names them. How many accounts were marked; others wait already."""
    if not parts:
        return 0
    told = {"kind": CauseKind.POLICY, "ref": str(number), "at": now.astimezone(UTC).isoformat()}
    given: dict[str, Any] = {"parts": list(parts), "now": now, "gap": 1 / _a_second(), "cause": json.dumps(told)}
    with connection.cursor() as cursor:
        cursor.execute(MARK, given)
        return int(cursor.rowcount)


def _a_second() -> float:
    """Half of what Stripe lets us, and never more than workers have to spare."""
    return min(MOST_A_SECOND, max(1.0, settings.STRIPE_REQUESTS_PER_SECOND / STRIPE_REQUESTS / 2))
