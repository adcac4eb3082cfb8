"""One account of a bulk repair, or one proposal to Stripe: apply the plan that was frozen, or keep why not.

Each try is an apply with a key of its own, made of the account's number in the run and how often it was tried, so that
whoever comes after a crash finds what was begun. Another try is made only when the one before came to nothing; and when
one was applied the digest is another, so it could not be applied again even then.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast
from uuid import UUID

from django.db import transaction

from recon import bootstrap
from recon.actions import apply_equipment, equipment
from recon.actions.authority import rights_in_run
from recon.actions.bulk_limits import PROBLEMS, bad_canary
from recon.actions.check_stores import check_stores
from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actions.drive_bulk_repairs import LEASE, go_on, locked, stop
from recon.actions.stripe_pace import slow_down
from recon.actions.wake import wake
from recon.apply.coordinator import Outcome, Result
from recon.apply.order import Order
from recon.engine.facts import StoreName
from recon.models import (
    LIVE_STATES,
    Apply,
    ApplyCall,
    ApplyState,
    BulkOutcome,
    BulkRepair,
    BulkRepairItem,
    BulkState,
    CallState,
)
from recon.queries.groups import groups_now
from recon.stores.base import CallableStore
from recon.stores.stripe.errors import ADVICE

if TYPE_CHECKING:
    from django.db.models import QuerySet

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
MOST_TRIES: Final = 12  # of being handed out; most of them wait for somebody else's apply or for recovery
MOST_APPLIES: Final = 5
HICCUPS: Final = 2  # tries that may come to nothing while every store answers: a connection that broke, a fail-over
COME_AGAIN: Final = timedelta(seconds=5)
TOO_MANY: Final = 429
UNREAD: Final = "could not be read: "  # as the rules say it of a store
MOVED: Final = "The plan has moved since the list was frozen; the account is offered again with its new one."
ALREADY: Final = "Every stored value is the true one already."
ALREADY_IN_STRIPE: Final = "Stripe has it so already; nothing was sent."
STILL_LIMITED: Final = "Stripe has said again and again that there are too many requests. Nothing of it is lost."
EXPLANATION_LENGTH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of the account, for ever."""

    outcome: BulkOutcome
    explanation: str
    apply_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing came of it yet: it is handed out again. With `stop_run`, the whole run waits until a person goes on;
    `is_limited`: Stripe asked for fewer requests; `apply_id` is what is not finished."""

    why: str
    stop_run: bool = False
    is_limited: bool = False
    apply_id: UUID | None = None


def repair_bulk_item(item_id: int, tries: int, *, clock: Clock) -> None:
    """Leaves it alone when it is done, was handed out again since, or its run does not run."""
    item = _taken(item_id, tries, clock())
    if item is None:
        return
    try:
        before = _applies(item)
        came = _known(before) or _apply(item, len(before) + 1, clock)
    except Exception as error:  # its lease runs out and it is handed out again; the others go on
        log.exception("one account of a bulk repair broke", extra={"account_id": item.account_id})
        if tries < MOST_TRIES:
            raise
        came = Ended(BulkOutcome.IN_DOUBT, f"It broke {tries} times, last by {type(error).__name__}.")
    if isinstance(came, Later) and tries >= MOST_TRIES:
        came = _given_up(came)
    if isinstance(came, Later):
        _put_back(item, came, clock())
    else:
        _end(item, came, _down(clock) if came.outcome is BulkOutcome.IN_DOUBT else "", clock())


def _given_up(came: Later) -> Ended | Later:
    """It was handed out too often. Too many requests are no fault of the account's: then the run waits."""
    if came.stop_run:
        return came
    if came.apply_id is not None:
        return Ended(BulkOutcome.IN_DOUBT, came.why, came.apply_id)
    return Later(STILL_LIMITED, stop_run=True) if came.is_limited else Ended(BulkOutcome.SKIPPED, came.why)


def settle_doubts(*, now: datetime, limit: int = 100) -> int:
    """Outcomes in doubt whose apply has been finished since, by recovery or by a person. How many."""
    finished = Apply.objects.filter(state__in=(ApplyState.DONE, ApplyState.ABORTED))
    doubts = BulkRepairItem.objects.filter(outcome=BulkOutcome.IN_DOUBT, apply_id__in=finished.values("id"))
    items = list(doubts.order_by("id")[:limit])
    applies = finished.in_bulk([item.apply_id for item in items if item.apply_id])
    for item in items:
        if item.apply_id:
            _mend(item, _ended(applies[item.apply_id]))
    return len(items)


def _taken(item_id: int, tries: int, now: datetime) -> BulkRepairItem | None:
    mine = BulkRepairItem.objects.filter(
        id=item_id, tries=tries, done_at__isnull=True, lease_until__isnull=False, bulk_repair__state=BulkState.RUNNING
    )
    if not mine.update(lease_until=now + LEASE):
        return None
    return BulkRepairItem.objects.select_related("bulk_repair").get(id=item_id)


def _known(applies: Sequence[Apply]) -> Ended | Later | None:
    """What the earlier tries did, where a worker was cut off before it could say so; None: try (again)."""
    if not applies:
        return None
    last = applies[0]
    if last.state in LIVE_STATES:
        wake("recon.recover")
        return Later("An earlier try of it is not finished; recovery settles that.", apply_id=last.id)
    ended = _ended(last)
    is_for_nothing = ended.outcome is BulkOutcome.FAILED and len(applies) < MOST_APPLIES
    return None if is_for_nothing else ended


def _applies(item: BulkRepairItem) -> list[Apply]:
    """The tries so far, the latest first."""
    rows = Apply.objects.filter(account_id=item.account_id, request_key__startswith=_key(item))
    return list(rows.order_by("-created_at"))


def _key(item: BulkRepairItem) -> str:
    return f"bulk:{item.bulk_repair_id}:{item.id}:"


def _ended(apply: Apply) -> Ended:
    if apply.state == ApplyState.DONE:
        return Ended(BulkOutcome.APPLIED, apply.explanation, apply.id)
    if apply.state == ApplyState.EXCEPTION:
        return Ended(BulkOutcome.IN_DOUBT, f"A person has to look: {apply.explanation}", apply.id)
    if apply.refused:
        # Stripe's no would be the same tomorrow: that is a failure, and not offered again.
        is_stripes = bool(apply.proposal) and _calls(apply.id).filter(state=CallState.REFUSED).exists()
        outcome, why = (BulkOutcome.FAILED, apply.explanation) if is_stripes else (BulkOutcome.REFUSED_MOVED, MOVED)
        return Ended(outcome, why, apply.id)
    return Ended(BulkOutcome.FAILED, apply.explanation or "Nothing was written.", apply.id)


def _apply(item: BulkRepairItem, number: int, clock: Clock) -> Ended | Later:
    run = item.bulk_repair
    result = apply_equipment.coordinator().apply(
        Order(
            account_id=item.account_id,
            digest=item.digest,
            actor=run.actor,
            reason=run.reason,
            rights=rights_in_run(groups_now(run.actor), groups_now(run.second)),
            request_id=run.request_id,
            proposal=item.proposal or None,
            request_key=f"{_key(item)}{number}",
        )
    )
    if item.proposal:
        _heed(result, clock())
    if result.outcome is Outcome.REFUSED:
        return _refused(item, result, clock)
    if result.outcome is Outcome.FAILED:
        return _failed(result, number, clock)
    if result.outcome is Outcome.APPLIED:
        return Ended(BulkOutcome.APPLIED, "", result.apply_id)
    return _in_doubt(result)


def _heed(result: Result, now: datetime) -> None:
    """Stripe wanted a call to be asked again, though it was done in the end: the next ones wait longer."""
    if result.outcome is Outcome.APPLIED and _calls(result.apply_id).filter(attempts__gt=1).exists():
        with transaction.atomic():
            slow_down(now)


def _refused(item: BulkRepairItem, result: Result, clock: Clock) -> Ended | Later:
    """A world that moved is the account's affair; stores that are down, a freeze or a lost right are the run's."""
    if result.apply_id is not None:
        return _ended(Apply.objects.get(id=result.apply_id))
    if result.code in {"stale", "nothing", "no_proposal"}:
        return _moved(item, result)
    if result.code == "unknown":
        return _unknown(item, result, clock)
    if result.code in {"paused", "forbidden"}:
        return Later(result.sentence, stop_run=True)
    return Later(result.sentence) if result.code == "busy" else Ended(BulkOutcome.SKIPPED, result.sentence)


def _moved(item: BulkRepairItem, result: Result) -> Ended:
    if item.proposal:
        is_true, why = _stripe_has(item.proposal), ALREADY_IN_STRIPE
    else:
        fresh = result.evaluation
        is_true, why = fresh is not None and fresh.verdict.known and not fresh.plan.writes, ALREADY
    return Ended(BulkOutcome.ALREADY_TRUE, why) if is_true else Ended(BulkOutcome.REFUSED_MOVED, MOVED)


def _stripe_has(proposal: str) -> bool:
    """Is what the proposal wants so already? No where Stripe does not say."""
    verb, _, object_id = proposal.partition(":")
    stripe = cast(CallableStore, bootstrap.stores()[StoreName.STRIPE])
    return bool(stripe.wanted_state_reached(verb, object_id, {}))


def _unknown(item: BulkRepairItem, result: Result, clock: Clock) -> Ended | Later:
    if ADVICE[TOO_MANY] in result.sentence:
        return Later(result.sentence, is_limited=True)
    down = _down(clock)
    if down:
        return Later(down, stop_run=True)
    is_unread = UNREAD in result.sentence and item.tries < HICCUPS
    return Later(result.sentence) if is_unread else Ended(BulkOutcome.SKIPPED, result.sentence)


def _failed(result: Result, number: int, clock: Clock) -> Ended | Later:
    """Nothing was written. A store that is down stops the run; one that answers again is asked again."""
    down = _down(clock)
    if down:
        return Later(down, stop_run=True)
    return Later(result.sentence) if number < HICCUPS else Ended(BulkOutcome.FAILED, result.sentence, result.apply_id)


def _in_doubt(result: Result) -> Ended | Later:
    """Decided: recovery finishes it. Where Stripe only wants fewer requests, the item waits for that."""
    if _calls(result.apply_id).filter(state=CallState.INTENDED, http_status=TOO_MANY).exists():
        return Later(
            "Stripe asked for fewer requests; recovery goes on with it.", is_limited=True, apply_id=result.apply_id
        )
    return Ended(BulkOutcome.IN_DOUBT, result.sentence, result.apply_id)


def _calls(apply_id: UUID | None) -> "QuerySet[ApplyCall]":
    return ApplyCall.objects.filter(apply=apply_id)


def _down(clock: Clock) -> str:
    """The stores that do not answer, in sentences; empty when all do."""
    return " ".join(why for why in check_stores(equipment.sweeper().stores, clock=clock).values() if why)


def _end(item: BulkRepairItem, ended: Ended, down: str, now: datetime) -> None:
    """The outcome and all that it means for the run, in one commit; the outcome that is there already stays. `down`
    says which stores are, where that is known."""
    with transaction.atomic():
        run = locked(item.bulk_repair_id)
        open_one = BulkRepairItem.objects.filter(id=item.id, done_at__isnull=True)
        if not open_one.update(lease_until=None, done_at=now, **_told(ended)):
            return
        if ended.outcome not in {BulkOutcome.APPLIED, BulkOutcome.FAILED}:
            mark_dirty([item.account_id], now, cause=Cause(CauseKind.APPLY))
        run.done += 1
        run.problems += ended.outcome in PROBLEMS
        run.save(update_fields=["done", "problems"])
        _stop_or_go_on(run, down or bad_canary(run, item.account_id, ended.outcome, ended.explanation), now)


def _stop_or_go_on(run: BulkRepair, why: str, now: datetime) -> None:
    if why and run.state == BulkState.RUNNING:
        stop(run, why, now)
    else:
        go_on(run, now)


def _put_back(item: BulkRepairItem, came: Later, now: datetime) -> None:
    with transaction.atomic():
        run = locked(item.bulk_repair_id)
        mine = BulkRepairItem.objects.filter(id=item.id, tries=item.tries, done_at__isnull=True)
        mine.update(lease_until=None if came.stop_run else now + COME_AGAIN)
        if came.is_limited:
            slow_down(now)
        if came.stop_run and run.state == BulkState.RUNNING:
            stop(run, came.why, now)


def _mend(item: BulkRepairItem, ended: Ended) -> None:
    with transaction.atomic():
        run = locked(item.bulk_repair_id)
        in_doubt = BulkRepairItem.objects.filter(id=item.id, outcome=BulkOutcome.IN_DOUBT)
        if in_doubt.update(**_told(ended)) and ended.outcome not in PROBLEMS:
            run.problems -= 1
            run.problems_before = min(run.problems_before, run.problems)
            run.save(update_fields=["problems", "problems_before"])


def _told(ended: Ended) -> dict[str, object]:
    return {
        "outcome": ended.outcome,
        "explanation": ended.explanation[:EXPLANATION_LENGTH],
        "apply_id": ended.apply_id,
    }
