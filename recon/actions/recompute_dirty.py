"""Evaluate the accounts that are marked dirty, each by itself: one that fails stops nobody else."""

import logging

from django.db import transaction

from recon.actions.dirty import Claim, claim, complete, fail
from recon.actions.evaluate import evaluate
from recon.actions.keep_evaluations import Evaluated, keep_evaluations
from recon.actions.keep_recompute import Causes, causes_of, found_in, keep_recomputes
from recon.actions.mirror_live import mirror_live
from recon.actions.policy_turn import share_policy_turn
from recon.actions.read_stores import Stores, read_live
from recon.actions.sweep import Sweeper
from recon.stores.replica import ReplicatedStore
from recon.traces import FAILED, span
from recon.under_way import under_way

log = logging.getLogger(__name__)

ACTOR = "task:recompute"
LAGS = "a replica may lack what has happened since its last commit; it is read again"


def recompute_dirty(sweeper: Sweeper, *, limit: int, account_ids: list[str] | None = None) -> int:
    """How many accounts were tried."""
    claims = claim(now=sweeper.clock(), limit=limit, account_ids=account_ids)
    for one in claims:
        _recompute_one(one, sweeper)
    return len(claims)


def _recompute_one(one: Claim, sweeper: Sweeper) -> None:
    with under_way("recompute", account_id=one.account_id) as work:
        try:
            evaluated = _look(one.account_id, sweeper)
            failed_read = _failed_read(evaluated, sweeper.stores)
            mirror_live(one.account_id, evaluated.readings)
            causes = _keep(one, evaluated, is_complete=failed_read is None)
        except Exception as error:  # whatever it was: the account waits with its error, the others go on
            log.exception("recompute failed")
            work.say(outcome="failed", **{FAILED: type(error).__name__})
            fail(one, f"{type(error).__name__}: {error}", now=sweeper.clock(), is_poison=True)
        else:
            work.follow(lambda: causes.traceparents)
            work.say(outcome="kept" if failed_read is None else "unread", causes=causes.named, **found_in(evaluated))
            if failed_read is not None:
                fail(one, failed_read, now=sweeper.clock(), is_poison=False)


def _look(account_id: str, sweeper: Sweeper) -> Evaluated:
    began = sweeper.clock()  # an evaluation is as old as its first read, however long the others take
    readings = read_live(sweeper.stores, account_id)
    with span("evaluate"):
        return evaluate(account_id, readings, sweeper.rules, began)


def _keep(one: Claim, evaluated: Evaluated, *, is_complete: bool) -> Causes:
    """The evaluation, and what had asked for it, in one transaction. A claim that another holds by now is theirs."""
    with span("keep"), transaction.atomic():
        share_policy_turn()
        # The mark first: events take the outbox's turn, and who has it must not wait for a row.
        answered = causes_of(complete([one])) if is_complete else {}
        causes = answered.get(one.account_id, Causes())
        states = keep_evaluations([evaluated], trigger=causes.trigger, actor=ACTOR)
        keep_recomputes(answered, states, {one.account_id: evaluated.at})
    return causes


def _failed_read(evaluated: Evaluated, stores: Stores) -> str | None:
    """Why it has not seen all that had asked for it; a replica whose primary nobody knows may lack it."""
    failed = (reading.reason or "" for reading in evaluated.readings if not reading.ok)
    return next(failed, LAGS if evaluated.seen_at < evaluated.at and _may_lag(stores) else None)


def _may_lag(stores: Stores) -> bool:
    return any(isinstance(store, ReplicatedStore) and store.primary is None for store in stores.values())
