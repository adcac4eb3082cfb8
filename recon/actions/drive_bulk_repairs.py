"""Drive bulk repairs: stop what has to stop, go on to the next stage, hand accounts out, close what is done.

Everything is read from, and kept in, the run's row under its lock. The schedule drives each few seconds, and each
account that is done drives at once; either alone is enough.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from recon import actors
from recon.actions.authority import Right, holds, right_to_start
from recon.actions.bulk_limits import advance, reach, too_many_problems
from recon.actions.stripe_pace import pace_at
from recon.actions.wake import wake, wake_later, wake_soon
from recon.apply.record import Entry, record
from recon.engine.plan import Risk
from recon.models import BulkKind, BulkRepair, BulkStage, BulkState
from recon.queries.groups import groups_now
from recon.queries.pauses import applies_paused

DRIVE: Final = "recon.drive_bulk_repairs"
LEASE: Final = timedelta(minutes=1)
TOGETHER: Final = 8  # accounts that one worker applies at once; their row locks are let go within a second
HAND_OUT: Final = """
update bulk_repair_item set lease_until = %(until)s, tries = tries + 1
where id in (
    select id from bulk_repair_item as each
    where bulk_repair_id = %(run)s and done_at is null and position < %(reach)s
      and (lease_until is null or lease_until <= %(now)s) {in_turn}
    order by id limit %(limit)s for update
)
returning id, tries
"""
# The second proposal of an account stands on what the first one left.
IN_TURN: Final = """
      and not exists (
          select 1 from bulk_repair_item as before
          where before.bulk_repair_id = each.bulk_repair_id and before.account_id = each.account_id
            and before.position < each.position and before.done_at is null
      )
"""


def drive_bulk_repairs(*, now: datetime) -> int:
    """By the schedule. How many runs are under way."""
    ids = list(BulkRepair.objects.filter(state=BulkState.RUNNING).values_list("id", flat=True))
    for run_id in ids:
        with transaction.atomic():
            go_on(locked(run_id), now, asks_rights=True)
    return len(ids)


def locked(run_id: int) -> BulkRepair:
    """The run's row, for this transaction alone."""
    return BulkRepair.objects.select_for_update().get(id=run_id)


def go_on(run: BulkRepair, now: datetime, *, asks_rights: bool = False) -> None:
    """Whatever is due for a run whose row is locked; nothing for one that does not run."""
    if run.state != BulkState.RUNNING:
        return
    why = why_stop(run, asks_rights=asks_rights)
    if why:
        stop(run, why, now)
        return
    advance(run)
    run.save(update_fields=["stage"])
    if run.done >= run.accounts:
        _finish(run, now)
    else:
        _hand_out(run, now)


def why_stop(run: BulkRepair, *, asks_rights: bool) -> str:
    """A sentence, where the run may not go on; empty where it may."""
    pause = applies_paused()
    if pause is not None:
        return f"All applies are paused: {pause.reason}"
    lost = _lost_right(run) if asks_rights else ""
    return lost or too_many_problems(run)


def stop(run: BulkRepair, why: str, now: datetime, *, actor: str = actors.BULK, request_id: str = "") -> None:
    """Pause it; accounts that were begun are finished. Called last in its transaction."""
    run.state, run.stopped_by, run.stop_reason, run.stopped_at = BulkState.PAUSED, actor, why, now
    run.save(update_fields=["state", "stopped_by", "stop_reason", "stopped_at", "stage"])
    run.items.filter(done_at__isnull=True).update(lease_until=None)
    record(Entry(actor, "bulk_repair.paused", why, after=so_far(run), request_id=request_id))


def so_far(run: BulkRepair) -> dict[str, object]:
    """What the audit keeps of a run with each of its steps."""
    return {
        "bulk_repair": run.id,
        "kind": str(run.kind),
        "state": str(run.state),
        "stage": str(run.stage),
        "accounts": run.accounts,
        "done": run.done,
        "problems": run.problems,
        "started_by": run.actor,
        "second": run.second,
    }


def _hand_out(run: BulkRepair, now: datetime) -> None:
    """So many that no more than a set number is with the workers, and no more than Stripe may be asked for; some of
    them a task, sent after the commit. Not before the workers have done half of what they had: several at a time cost
    little more than one."""
    with_workers = run.items.filter(done_at__isnull=True, lease_until__gt=now).count()
    room = settings.BULK_AT_ONCE - with_workers
    if room < settings.BULK_AT_ONCE // 2:
        return
    pace = pace_at(now, always=run.kind == BulkKind.PROPOSALS)
    most = room if pace is None else min(room, pace.affords())
    taken = _take(run, most, now) if most else ()
    for task in _tasks(run, taken):
        wake("recon.bulk_items", *(f"{item_id}:{tries}" for item_id, tries in task))
    if pace is not None:
        pace.spend(len(taken))
        if taken and most < room:
            # Whoever hands out sees to the next turn; should the hint be lost, the schedule comes by.
            wake_later(DRIVE, pace.turn)


def _tasks(run: BulkRepair, taken: Sequence[tuple[int, int]]) -> Iterator[Sequence[tuple[int, int]]]:
    """What one worker does at once: each by itself where one bad outcome stops the run, and where rows are locked while
    Stripe is asked."""
    is_alone = run.stage == BulkStage.CANARY or run.kind == BulkKind.PROPOSALS
    together = 1 if is_alone else TOGETHER
    for start in range(0, len(taken), together):
        yield taken[start : start + together]


def _take(run: BulkRepair, room: int, now: datetime) -> Sequence[tuple[int, int]]:
    sql = HAND_OUT.format(in_turn=IN_TURN if run.kind == BulkKind.PROPOSALS else "")
    with connection.cursor() as cursor:
        cursor.execute(sql, {"run": run.id, "reach": reach(run), "now": now, "until": now + LEASE, "limit": room})
        return sorted(cursor.fetchall())


def _finish(run: BulkRepair, now: datetime) -> None:
    run.state, run.finished_at = BulkState.DONE, now
    run.save(update_fields=["state", "finished_at"])
    wake_soon("recon.recompute_due")
    record(Entry(actors.BULK, "bulk_repair.finished", run.reason, after=so_far(run), request_id=run.request_id))


def _lost_right(run: BulkRepair) -> str:
    """Who started it or approved it may have lost the right meanwhile."""
    if not _holds(run.actor, right_to_start(accounts=run.accounts, any_severe=any_severe(run))):
        return f"{actors.name_of(run.actor)}, who started it, may not any more."
    if run.second and not _holds(run.second, Right.SECOND_BULK):
        return f"{actors.name_of(run.second)}, who approved it, may not any more."
    return ""


def any_severe(run: BulkRepair) -> bool:
    """Does any of its plans take something away? What is asked of Stripe counts as if it did: finance or admin starts
    it, and another of them approves it, however small it is."""
    return run.kind == BulkKind.PROPOSALS or bool(run.totals.get("risks", {}).get(Risk.SEVERE))


def _holds(actor: str, right: Right) -> bool:
    return holds(groups_now(actor), right)
