"""Evaluate many marked accounts together: after a job that touched thousands of rows in the stores, or when thousands
fall due at once, the cost is that of a sweep over them alone.

Stripe comes out of the mirror, so only those are taken whom stores, the clock or the policy had marked, and nobody
else. Everybody else, and whoever fails here, is read live, one by one.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from recon.actions.dirty import LEASE, CauseKind, Claim, complete, fail
from recon.actions.keep_evaluations import Evaluated, keep_evaluations
from recon.actions.keep_recompute import Causes, causes_of, keep_recomputes
from recon.actions.policy_turn import share_policy_turn
from recon.actions.recompute_dirty import ACTOR
from recon.actions.sweep import Sweeper, evaluate_chunk
from recon.models import Trigger
from recon.queries.mirror import mirror_as_of
from recon.under_way import under_way

log = logging.getLogger(__name__)

MANY: Final = 50  # fewer are not worth a Stripe that is minutes old
AT_ONCE: Final = 500
UNSEEN: Final = "a store did not say all that has happened; it is read again"
_EVENTS: Final = """
select from inbox_mark as mark join inbox as event on event.id = mark.event_id
where mark.account_id = dirty.account and mark.gen > dirty.done_gen
"""
# Of one trigger alone, because what is kept together is kept by one. The list of causes holds the latest twenty: where
# it is full, somebody else may have fallen out of it.
BY_STORES: Final = f"causes = '[]' and exists ({_EVENTS}) and not exists ({_EVENTS} and event.source = 'stripe')"
BY: Final = f"""
jsonb_array_length(causes) between 1 and 19 and not exists ({_EVENTS})
and not exists (select from jsonb_array_elements(causes) as one where one ->> 'kind' <> '{{kind}}')
"""
MARKED_BY: Final[Mapping[Trigger, str]] = {
    Trigger.EVENT: BY_STORES,
    Trigger.POLICY: BY.format(kind=CauseKind.POLICY.value),
    Trigger.TIMER: BY.format(kind=CauseKind.TIMER.value),
}
CLAIM_MANY: Final = """
with due as (
    select account from dirty
    where gen > done_gen and not parked and attempts = 0 and not_before <= %(now)s
      and (lease_until is null or lease_until <= %(now)s) and {marked_by}
    order by not_before limit %(limit)s for update skip locked
)
update dirty set token = gen_random_uuid(), lease_until = %(until)s
from due where dirty.account = due.account and (select count(*) from due) >= %(many)s
returning dirty.account, gen, attempts, token
"""


def recompute_many(sweeper: Sweeper, *, limit: int = AT_ONCE, many: int = MANY) -> int:
    """How many accounts were tried: none where fewer than so `many` wait that are marked alike."""
    if mirror_as_of() is None:
        return 0
    return sum(_recompute(trigger, _claim(trigger, sweeper.clock(), limit, many), sweeper) for trigger in MARKED_BY)


def _claim(trigger: Trigger, now: datetime, limit: int, many: int) -> list[Claim]:
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"now": now, "until": now + LEASE, "limit": limit, "many": many}
        cursor.execute(CLAIM_MANY.format(marked_by=MARKED_BY[trigger]), given)
        return [Claim(*row) for row in cursor.fetchall()]


def _recompute(trigger: Trigger, claims: Sequence[Claim], sweeper: Sweeper) -> int:
    if claims:
        with under_way("recompute many") as work:
            work.say(trigger=trigger.value, accounts=len(claims))
            try:
                causes = _evaluate_and_keep(trigger, claims, sweeper)
                work.follow(lambda: [one for told in causes for one in told.traceparents])
            except Exception as error:  # whatever it was, and whosever: each is tried again by itself
                log.exception("recompute of many failed")
                _fail(claims, f"{type(error).__name__}: {error}", sweeper.clock())
    return len(claims)


def _evaluate_and_keep(trigger: Trigger, claims: Sequence[Claim], sweeper: Sweeper) -> list[Causes]:
    """What each was asked for by, of those that were kept."""
    found = evaluate_chunk([one.account_id for one in claims], sweeper)
    evaluated = {one.account_id: one for one in found if _has_seen_all(one)}
    with transaction.atomic():
        share_policy_turn()
        # The marks first: events take the outbox's turn, and who has it must not wait for a row.
        causes = causes_of(complete([one for one in claims if one.account_id in evaluated]))
        states = keep_evaluations([evaluated[id] for id in causes], trigger=trigger, actor=ACTOR)
        keep_recomputes(causes, states, {id: evaluated[id].at for id in causes})
    _fail([one for one in claims if one.account_id not in evaluated], UNSEEN, sweeper.clock())
    return list(causes.values())


def _has_seen_all(evaluated: Evaluated) -> bool:
    """Whether every store was read, after the claim; a replica that lags may lack what the mark stands for."""
    return evaluated.seen_at >= evaluated.at and all(one.ok for one in evaluated.readings)


def _fail(claims: Sequence[Claim], error: str, now: datetime) -> None:
    for one in claims:
        fail(one, error, now=now, is_poison=False)
