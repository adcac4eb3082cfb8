"""One account of a bulk repair: apply the plan that was frozen, or keep why not.

Each try is an apply with a key of its own, made of the account's number in the run and how often it was tried, so that
whoever comes after a crash finds what was begun. Another try is made only when the one before came to nothing; and when
one was applied the digest is another, so it could not be applied again even then.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from recon.actions import apply_equipment, equipment
from recon.actions.authority import rights_of
from recon.actions.bulk_limits import PROBLEMS, bad_canary
from recon.actions.check_stores import check_stores
from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actions.drive_bulk_repairs import LEASE, go_on, locked, stop
from recon.actions.wake import wake
from recon.apply.coordinator import Outcome, Result
from recon.apply.order import Order
from recon.models import LIVE_STATES, Apply, ApplyState, BulkOutcome, BulkRepair, BulkRepairItem, BulkState
from recon.queries.groups import groups_now

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
MOST_TRIES: Final = 12  # of being handed out; most of them wait for somebody else's apply or for recovery
MOST_APPLIES: Final = 5
COME_AGAIN: Final = timedelta(seconds=5)
MOVED: Final = "The plan has moved since the list was frozen; the account is offered again with its new one."
ALREADY: Final = "Every stored value is the true one already."
EXPLANATION_LENGTH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of the account, for ever."""

    outcome: BulkOutcome
    explanation: str
    apply_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing came of it yet: it is handed out again. With `stop_run`, the whole run waits until a person goes on."""

    why: str
    stop_run: bool = False


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
    if isinstance(came, Later) and not came.stop_run and tries >= MOST_TRIES:
        came = Ended(BulkOutcome.SKIPPED, came.why)
    if isinstance(came, Ended):
        _end(item, came, clock())
    else:
        _put_back(item, came, clock())


def settle_doubts(*, now: datetime, limit: int = 100) -> int:
    """Outcomes in doubt whose apply has been finished since, by recovery or by a person. How many."""
    items = BulkRepairItem.objects.filter(outcome=BulkOutcome.IN_DOUBT, apply_id__isnull=False).order_by("id")
    settled = 0
    applies = Apply.objects.in_bulk([item.apply_id for item in items[:limit] if item.apply_id])
    for item in items[:limit]:
        apply = applies.get(item.apply_id) if item.apply_id else None
        ended = _ended(apply) if apply is not None and apply.state not in LIVE_STATES else None
        if ended is not None and ended.outcome is not BulkOutcome.IN_DOUBT:
            _mend(item, ended)
            settled += 1
    return settled


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
        return Later("An earlier try of it is not finished; recovery settles that.")
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
        return Ended(BulkOutcome.REFUSED_MOVED, MOVED, apply.id)
    return Ended(BulkOutcome.FAILED, apply.explanation or "Nothing was written.", apply.id)


def _apply(item: BulkRepairItem, number: int, clock: Clock) -> Ended | Later:
    run = item.bulk_repair
    result = apply_equipment.coordinator().apply(
        Order(
            account_id=item.account_id,
            digest=item.digest,
            actor=run.actor,
            reason=run.reason,
            rights=rights_of(groups_now(run.actor)),
            request_id=run.request_id,
            request_key=f"{_key(item)}{number}",
        )
    )
    if result.outcome is Outcome.REFUSED:
        return _refused(result, clock)
    if result.outcome is Outcome.FAILED:
        down = _down(clock)
        return Later(down, stop_run=True) if down else Ended(BulkOutcome.FAILED, result.sentence, result.apply_id)
    if result.outcome is Outcome.APPLIED:
        return Ended(BulkOutcome.APPLIED, "", result.apply_id)
    return Ended(BulkOutcome.IN_DOUBT, result.sentence, result.apply_id)


def _refused(result: Result, clock: Clock) -> Ended | Later:
    """A world that moved is the account's affair; stores that are down, a freeze or a lost right are the run's."""
    if result.code in {"stale", "nothing"}:
        fresh = result.evaluation
        is_true = result.apply_id is None and fresh is not None and fresh.verdict.known and not fresh.plan.writes
        outcome = BulkOutcome.ALREADY_TRUE if is_true else BulkOutcome.REFUSED_MOVED
        return Ended(outcome, ALREADY if is_true else MOVED, result.apply_id)
    if result.code == "unknown":
        down = _down(clock)
        return Later(down, stop_run=True) if down else Ended(BulkOutcome.SKIPPED, result.sentence)
    if result.code in {"paused", "forbidden"}:
        return Later(result.sentence, stop_run=True)
    return Later(result.sentence) if result.code == "busy" else Ended(BulkOutcome.SKIPPED, result.sentence)


def _down(clock: Clock) -> str:
    """The stores that do not answer, in sentences; empty when all do."""
    return " ".join(why for why in check_stores(equipment.sweeper().stores, clock=clock).values() if why)


def _end(item: BulkRepairItem, ended: Ended, now: datetime) -> None:
    """The outcome and all that it means for the run, in one commit; the outcome that is there already stays."""
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
        _stop_or_go_on(run, bad_canary(run, item.account_id, ended.outcome, ended.explanation), now)
    if ended.outcome is BulkOutcome.IN_DOUBT:
        _stop_when_down(run.id, now)


def _stop_or_go_on(run: BulkRepair, why: str, now: datetime) -> None:
    if why and run.state == BulkState.RUNNING:
        stop(run, why, now)
    else:
        go_on(run, now)


def _stop_when_down(run_id: int, now: datetime) -> None:
    down = _down(lambda: now)
    if down:
        with transaction.atomic():
            run = locked(run_id)
            if run.state == BulkState.RUNNING:
                stop(run, down, now)


def _put_back(item: BulkRepairItem, came: Later, now: datetime) -> None:
    with transaction.atomic():
        run = locked(item.bulk_repair_id)
        mine = BulkRepairItem.objects.filter(id=item.id, tries=item.tries, done_at__isnull=True)
        mine.update(lease_until=None if came.stop_run else now + COME_AGAIN)
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
