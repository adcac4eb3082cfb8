"""Replay an account whose evaluation keeps failing: it is tried again at once, as if it had never failed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from recon.actions.authority import Right, holds
from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actions.receive_event import RECOMPUTE
from recon.actions.settled import DONE, MAY_NOT_REPLAY, Settled
from recon.actions.wake import wake_soon
from recon.apply.record import Entry, record
from recon.models import Dirty
from recon.words import reason_in

NOT_FAILING: Final = Settled(False, "not_failing", "Its evaluation does not fail any more.")


def replay_account(
    account_id: str, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> Settled:
    """Unparked, its tries counted from the start, and a worker woken. ValueError without a reason.

    Codes: forbidden, not_failing. Where a try is under way, another follows it.
    """
    if not holds(groups, Right.REPLAY):
        return MAY_NOT_REPLAY
    said = reason_in(reason)
    with transaction.atomic():
        row = Dirty.objects.select_for_update().filter(account=account_id).first()
        if row is None or not (row.parked or row.attempts):
            return NOT_FAILING
        Dirty.objects.filter(account=account_id).update(parked=False, attempts=0, not_before=now)
        mark_dirty([account_id], now, cause=Cause(CauseKind.PERSON, actor))
        wake_soon(RECOMPUTE)
        record(
            Entry(
                actor=actor,
                action="queue.replayed",
                reason=said,
                account=account_id,
                before=standing_of(row),
                after={"parked": False, "attempts": 0},
                request_id=request_id,
            )
        )
    return DONE


def standing_of(row: Dirty) -> dict[str, object]:
    """How an account stood, for the audit: of its error the kind alone, for the rest may name people."""
    return {"parked": row.parked, "attempts": row.attempts, "error": row.last_error.partition(":")[0]}
