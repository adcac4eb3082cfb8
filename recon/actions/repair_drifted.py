"""Repair every account that has a plan, under one reason.

The list and its digests are frozen first, then each account is an apply of its own, and each outcome is kept. One
account that cannot be repaired stops nobody else.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from recon.actions.approve_and_apply import approve_and_apply
from recon.actions.hand_out import hand_out
from recon.actions.keep_point import keep_point
from recon.apply.coordinator import Outcome
from recon.apply.record import Entry, record
from recon.models import Apply, ApplyState, BulkRepair, BulkRepairItem
from recon.queries.drift import Plan, plans
from recon.queries.runs import BulkState, bulk_state
from recon.queries.undone import standing_undos

log = logging.getLogger(__name__)

PAGE = 1_000
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Approver:
    """Who approves all of it, and why."""

    actor: str
    reason: str


def repair_drifted(
    approver: Approver,
    *,
    enqueue: Callable[[int], None],
    clock: Callable[[], datetime],
    report: Callable[[int, int | None], None],
) -> BulkState:
    """What came of every account. `enqueue` gives one item's id to a worker. Raises NobodyWorks."""
    bulk = begin_bulk_repair(approver, now=clock())
    total = bulk.items.count()
    hand_out(
        lambda: open_items(bulk),
        enqueue,
        at_once=AT_ONCE,
        tell=lambda left: report(total - left, total),
    )
    BulkRepair.objects.filter(id=bulk.id).update(finished_at=clock(), done=F("accounts"))
    keep_point(now=clock())
    return bulk_state(bulk.id)


def begin_bulk_repair(approver: Approver, *, now: datetime) -> BulkRepair:
    """The frozen list: every account whose latest evaluation has something to write that nobody has undone."""
    with transaction.atomic():
        bulk = BulkRepair.objects.create(started_at=now, actor=approver.actor, reason=approver.reason)
        items = (BulkRepairItem(bulk_repair=bulk, account_id=one.account_id, digest=one.digest) for one in _all_plans())
        accounts = len(BulkRepairItem.objects.bulk_create(items, batch_size=PAGE))
        BulkRepair.objects.filter(id=bulk.id).update(accounts=accounts, began_at=now)
        after = {"bulk_repair": bulk.id, "accounts": accounts}
        record(Entry(actor=approver.actor, action="bulk_repair.started", reason=approver.reason, after=after))
    return bulk


def open_items(bulk: BulkRepair) -> list[int]:
    return list(bulk.items.filter(done_at__isnull=True).order_by("id").values_list("id", flat=True))


def repair_item(item_id: int, *, clock: Callable[[], datetime]) -> None:
    """One account of a bulk repair. One that is done already, here or in a run that was cut off, is left alone."""
    item = BulkRepairItem.objects.select_related("bulk_repair").get(id=item_id)
    if item.done_at is not None:
        return
    outcome, explanation = _known_outcome(item) or _apply(item)
    BulkRepairItem.objects.filter(id=item.id, done_at__isnull=True).update(
        outcome=outcome, explanation=explanation[:1_000], done_at=clock()
    )


def _all_plans() -> Iterator[Plan]:
    after, undone = "", standing_undos()
    while page := plans(after=after, limit=PAGE):
        yield from (one for one in page if one.account_id not in undone)
        after = page[-1].account_id


def _known_outcome(item: BulkRepairItem) -> tuple[str, str] | None:
    """What this very approval has done already, where its task was cut off before it could say so."""
    bulk = item.bulk_repair
    applies = Apply.objects.filter(account_id=item.account_id, digest=item.digest, approved_by=bulk.actor)
    done = applies.filter(created_at__gte=bulk.started_at, state=ApplyState.DONE).exists()
    return (Outcome.APPLIED.value, "") if done else None


def _apply(item: BulkRepairItem) -> tuple[str, str]:
    bulk = item.bulk_repair
    try:
        result = approve_and_apply(item.account_id, digest=item.digest, actor=bulk.actor, reason=bulk.reason)
    except Exception as error:  # recovery settles whatever was begun; the others go on
        log.exception("bulk repair of one account failed", extra={"account_id": item.account_id})
        return Outcome.IN_DOUBT.value, type(error).__name__
    return result.outcome.value, result.sentence
