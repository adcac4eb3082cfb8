"""Accounts of a bulk repair, or one proposal to Stripe: apply the plans that were frozen, or keep why not.

Accounts that were handed out together are applied together, and each has its own outcome: what befalls one is no
other's affair, but that all of them are read, and their steps kept, at once.

Each try is an apply with a key of its own, made of the account's number in the run and how often it was tried, so that
whoever comes after a crash finds what was begun. Another try is made only when the one before came to nothing; and when
one was applied the digest is another, so it could not be applied again even then.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Final, cast
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

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
from recon.apply.order import READ_ONLY, Order
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
from recon.under_way import under_way

if TYPE_CHECKING:
    from django.db.models import QuerySet

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Down = Callable[[], str]
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
MARKED: Final = frozenset({BulkOutcome.APPLIED, BulkOutcome.FAILED})  # by their apply, when it was closed
TAKE: Final = """
update bulk_repair_item as item set lease_until = %(until)s
from unnest(%(ids)s::bigint[], %(tries)s::int[]) as handed (id, tries), bulk_repair as run
where item.id = handed.id and item.tries = handed.tries and item.done_at is null and item.lease_until is not null
  and run.id = item.bulk_repair_id and run.state = %(running)s
returning item.id
"""
END: Final = """
update bulk_repair_item as item
set lease_until = null, done_at = %(now)s, outcome = ended.outcome, explanation = ended.explanation,
    apply_id = ended.apply_id
from jsonb_to_recordset(%(ended)s) as ended (id bigint, outcome text, explanation text, apply_id uuid)
where item.id = ended.id and item.done_at is null
returning item.id
"""


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


def repair_bulk_items(handed: Sequence[tuple[int, int]], *, clock: Clock) -> None:
    """Items of one run, each as (id, tries). Left alone is what is done, was handed out again since, or is of a run
    that does not run."""
    items = _taken(handed, clock())
    if not items:
        return
    run = items[0].bulk_repair
    with under_way("repair in bulk", bulk_repair_id=str(run.id), request_id=run.request_id) as work:
        work.follow(lambda: [run.traceparent])
        work.say(accounts=len(items))
        _repair(items, clock)


def _repair(items: Sequence[BulkRepairItem], clock: Clock) -> None:
    try:
        came = _come(items, clock)
    except Exception as error:
        log.exception("accounts of a bulk repair broke", extra={"account_ids": [item.account_id for item in items]})
        if len(items) > 1:
            for item in items:  # each alone, so that the one that breaks takes no other along
                repair_bulk_items([(item.id, item.tries)], clock=clock)
            return
        if items[0].tries < MOST_TRIES:  # its lease runs out and it is handed out again
            return
        came = [Ended(BulkOutcome.IN_DOUBT, f"It broke {MOST_TRIES} times, last by {type(error).__name__}.")]
    _keep(items, [_unless_too_often(item, one) for item, one in zip(items, came, strict=True)], clock)


def _unless_too_often(item: BulkRepairItem, came: Ended | Later) -> Ended | Later:
    return _given_up(came) if isinstance(came, Later) and item.tries >= MOST_TRIES else came


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


def _taken(handed: Sequence[tuple[int, int]], now: datetime) -> list[BulkRepairItem]:
    ids, tries = zip(*handed, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE, {"ids": list(ids), "tries": list(tries), "until": now + LEASE, "running": BulkState.RUNNING}
        )
        taken = [id for (id,) in cursor.fetchall()]
    return list(BulkRepairItem.objects.select_related("bulk_repair").filter(id__in=taken).order_by("id"))


def _come(items: Sequence[BulkRepairItem], clock: Clock) -> list[Ended | Later]:
    """What came of each: what an earlier try of it did, or of those that may be tried (again) what this one does."""
    before = _applies(items)
    known = {item.id: _known(before[item.id]) for item in items}
    trying = [item for item in items if known[item.id] is None]
    tried = dict(zip([item.id for item in trying], _apply(trying, before, clock), strict=True)) if trying else {}
    return [known[item.id] or tried[item.id] for item in items]


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


def _applies(items: Sequence[BulkRepairItem]) -> dict[int, list[Apply]]:
    """Of each item the tries so far, the latest first."""
    keys = {f"{_key(item)}{number}": item.id for item in items for number in range(1, MOST_APPLIES + 1)}
    tries: dict[int, list[Apply]] = {item.id: [] for item in items}
    for apply in Apply.objects.filter(request_key__in=list(keys)).order_by("-created_at"):
        tries[keys[apply.request_key]].append(apply)
    return tries


def _key(item: BulkRepairItem) -> str:
    return f"bulk:{item.bulk_repair_id}:{item.id}:"


def _ended(apply: Apply) -> Ended:
    if apply.state == ApplyState.DONE:
        return Ended(BulkOutcome.APPLIED, apply.explanation, apply.id)
    if apply.state == ApplyState.EXCEPTION:
        return Ended(BulkOutcome.IN_DOUBT, f"A person has to look: {apply.explanation}", apply.id)
    if apply.refused:
        # Stripe's no would be the same tomorrow: that is a failure, and not offered again.
        if apply.code == READ_ONLY:
            return Ended(BulkOutcome.SKIPPED, apply.explanation, apply.id)
        is_stripes = bool(apply.proposal) and _calls(apply.id).filter(state=CallState.REFUSED).exists()
        outcome, why = (BulkOutcome.FAILED, apply.explanation) if is_stripes else (BulkOutcome.REFUSED_MOVED, MOVED)
        return Ended(outcome, why, apply.id)
    return Ended(BulkOutcome.FAILED, apply.explanation or "Nothing was written.", apply.id)


def _apply(items: Sequence[BulkRepairItem], before: Mapping[int, Sequence[Apply]], clock: Clock) -> list[Ended | Later]:
    run = items[0].bulk_repair
    rights = rights_in_run(groups_now(run.actor), groups_now(run.second))
    orders = [
        Order(
            account_id=item.account_id,
            digest=item.digest,
            actor=run.actor,
            reason=run.reason,
            rights=rights,
            request_id=run.request_id,
            proposal=item.proposal or None,
            request_key=f"{_key(item)}{len(before[item.id]) + 1}",
        )
        for item in items
    ]
    results = apply_equipment.coordinator().apply_all(orders)
    down = cache(partial(_down, clock))  # asked once: whatever is down is so for all of them
    return [
        _meaning(item, result, len(before[item.id]) + 1, down, clock)
        for item, result in zip(items, results, strict=True)
    ]


def _meaning(item: BulkRepairItem, result: Result, number: int, down: Down, clock: Clock) -> Ended | Later:
    if item.proposal:
        _heed(result, clock())
    if result.outcome is Outcome.REFUSED:
        return _refused(item, result, down)
    if result.outcome is Outcome.FAILED:
        return _failed(result, number, down)
    if result.outcome is Outcome.APPLIED:
        return Ended(BulkOutcome.APPLIED, "", result.apply_id)
    return _in_doubt(result)


def _heed(result: Result, now: datetime) -> None:
    """Stripe wanted a call to be asked again, though it was done in the end: the next ones wait longer."""
    if result.outcome is Outcome.APPLIED and _calls(result.apply_id).filter(attempts__gt=1).exists():
        with transaction.atomic():
            slow_down(now)


def _refused(item: BulkRepairItem, result: Result, down: Down) -> Ended | Later:
    """A world that moved is the account's affair; stores that are down, a freeze or a lost right are the run's."""
    if result.apply_id is not None:
        return _ended(Apply.objects.get(id=result.apply_id))
    if result.code in {"stale", "nothing", "no_proposal"}:
        return _moved(item, result)
    if result.code == "unknown":
        return _unknown(item, result, down)
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


def _unknown(item: BulkRepairItem, result: Result, down: Down) -> Ended | Later:
    if ADVICE[TOO_MANY] in result.sentence:
        return Later(result.sentence, is_limited=True)
    if why := down():
        return Later(why, stop_run=True)
    is_unread = UNREAD in result.sentence and item.tries < HICCUPS
    return Later(result.sentence) if is_unread else Ended(BulkOutcome.SKIPPED, result.sentence)


def _failed(result: Result, number: int, down: Down) -> Ended | Later:
    """Nothing was written. A store that is down stops the run; one that answers again is asked again."""
    if why := down():
        return Later(why, stop_run=True)
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


def _keep(items: Sequence[BulkRepairItem], came: Sequence[Ended | Later], clock: Clock) -> None:
    """The outcomes and all that they mean for the run, in one commit; an outcome that is there already stays."""
    ended = [(item, one) for item, one in zip(items, came, strict=True) if isinstance(one, Ended)]
    later = [(item, one) for item, one in zip(items, came, strict=True) if isinstance(one, Later)]
    down = _down(clock) if any(one.outcome is BulkOutcome.IN_DOUBT for _, one in ended) else ""
    now = clock()
    with transaction.atomic():
        run = locked(items[0].bulk_repair_id)
        kept = _end(ended, now)
        unmarked = [item.account_id for item, one in kept if one.outcome not in MARKED]
        mark_dirty(unmarked, now, cause=Cause(CauseKind.APPLY))
        _put_back(later, now)
        run.done += len(kept)
        run.problems += sum(one.outcome in PROBLEMS for _, one in kept)
        run.save(update_fields=["done", "problems"])
        bad = [bad_canary(run, item.account_id, one.outcome, one.explanation) for item, one in kept]
        stops = [one.why for _, one in later if one.stop_run]
        _stop_or_go_on(run, next(filter(None, [*stops, down, *bad]), ""), now)


def _end(ended: Sequence[tuple[BulkRepairItem, Ended]], now: datetime) -> list[tuple[BulkRepairItem, Ended]]:
    """Those that had no outcome yet."""
    if not ended:
        return []
    told = [{"id": item.id, **_told(one)} for item, one in ended]
    with connection.cursor() as cursor:
        cursor.execute(END, {"ended": json.dumps(told, cls=DjangoJSONEncoder), "now": now})
        open_ones = {id for (id,) in cursor.fetchall()}
    return [(item, one) for item, one in ended if item.id in open_ones]


def _put_back(later: Sequence[tuple[BulkRepairItem, Later]], now: datetime) -> None:
    for item, one in later:
        mine = BulkRepairItem.objects.filter(id=item.id, tries=item.tries, done_at__isnull=True)
        mine.update(lease_until=None if one.stop_run else now + COME_AGAIN)
    if any(one.is_limited for _, one in later):
        slow_down(now)


def _stop_or_go_on(run: BulkRepair, why: str, now: datetime) -> None:
    if why and run.state == BulkState.RUNNING:
        stop(run, why, now)
    else:
        go_on(run, now)


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
