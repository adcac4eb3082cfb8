"""Pause, resume or cancel a bulk repair: what was begun is finished, what was not is not begun, from this commit on."""

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db import transaction

from recon import actors
from recon.actions.authority import Right, holds, right_to_start
from recon.actions.bulk_settled import DONE, BulkDone
from recon.actions.drive_bulk_repairs import any_severe, locked, so_far, stop
from recon.actions.wake import wake_soon
from recon.apply.record import Entry, record
from recon.models import BulkRepair, BulkState
from recon.queries.pauses import applies_paused
from recon.words import reason_in


class Steer(StrEnum):
    """What a person does with a run."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


FROM: Final = {
    Steer.PAUSE: (BulkState.RUNNING,),
    Steer.RESUME: (BulkState.PAUSED,),
    Steer.CANCEL: (BulkState.DRAFTED, BulkState.WAITING_FOR_SECOND, BulkState.RUNNING, BulkState.PAUSED),
}
NOT_AS_IT_IS: Final = {
    Steer.PAUSE: "Only a run that is running is paused.",
    Steer.RESUME: "Only a run that is paused goes on.",
    Steer.CANCEL: "It is over: there is nothing to cancel.",
}
ENDS_IN: Final = {
    Steer.PAUSE: BulkState.PAUSED,
    Steer.RESUME: BulkState.RUNNING,
    Steer.CANCEL: BulkState.CANCELLED,
}


def steer_bulk_repair(
    run_id: int, deed: Steer, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> BulkDone:
    """Whoever may start bulk repairs may pause any; going on and cancelling another's asks for the right to start one
    like it. What is so already is left as it is. ValueError without a reason."""
    said = reason_in(reason, "Say why: whoever started it will ask.")
    with transaction.atomic():
        run = locked(run_id)
        if run.state == ENDS_IN[deed]:
            return DONE
        refused = _may_not(run, deed, actor, frozenset(groups))
        if refused is not None:
            return refused
        _DEEDS[deed](run, said, now, actor, request_id)
    return DONE


def _may_not(run: BulkRepair, deed: Steer, actor: str, groups: frozenset[str]) -> BulkDone | None:
    right = right_to_start(accounts=run.accounts, any_severe=any_severe(run))
    is_ones_own = deed is Steer.CANCEL and run.actor == actor
    if not holds(groups, Right.START_SMALL_BULK if deed is Steer.PAUSE or is_ones_own else right):
        return BulkDone("forbidden", "That is done by whoever may start a bulk repair like this one.")
    if actors.is_token(actor) and deed is not Steer.PAUSE and run.actor != actor:
        return BulkDone("forbidden", "A token goes on with, and cancels, what it started itself.")
    if run.state not in FROM[deed]:
        return BulkDone("state", NOT_AS_IT_IS[deed])
    pause = applies_paused() if deed is Steer.RESUME else None
    return BulkDone("paused", f"All applies are paused: {pause.reason}") if pause is not None else None


def _pause(run: BulkRepair, said: str, now: datetime, actor: str, request_id: str) -> None:
    stop(run, said, now, actor=actor, request_id=request_id)


def _resume(run: BulkRepair, said: str, now: datetime, actor: str, request_id: str) -> None:
    """What went wrong so far was looked at: the share that failed is counted anew."""
    run.state, run.stopped_by, run.stop_reason, run.stopped_at = BulkState.RUNNING, "", "", None
    run.done_before, run.problems_before = run.done, run.problems
    run.save()
    wake_soon("recon.drive_bulk_repairs")
    record(Entry(actor, "bulk_repair.resumed", said, after=so_far(run), request_id=request_id))


def _cancel(run: BulkRepair, said: str, now: datetime, actor: str, request_id: str) -> None:
    run.state, run.finished_at = BulkState.CANCELLED, now
    run.stopped_by, run.stop_reason, run.stopped_at = actor, said, now
    run.save()
    record(Entry(actor, "bulk_repair.cancelled", said, after=so_far(run), request_id=request_id))


_DEEDS: Final[dict[Steer, Callable[[BulkRepair, str, datetime, str, str], None]]] = {
    Steer.PAUSE: _pause,
    Steer.RESUME: _resume,
    Steer.CANCEL: _cancel,
}
