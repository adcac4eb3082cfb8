"""Start a bulk repair that was drafted, and approve as a second person one that needs it.

Up to 100 lenient accounts one person starts alone; more, any severe one, or any call to Stripe waits for somebody else
of finance or admin. Each plan is then applied as approved by the starter; who approved the run stands in its record
and in the audit.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from recon.actions.authority import holds, may_second, needs_second, right_to_start
from recon.actions.bulk_settled import DONE, BulkDone
from recon.actions.drive_bulk_repairs import DRIVE, any_severe, locked, so_far
from recon.actions.wake import wake_soon
from recon.actors import name_of
from recon.apply.record import Entry, record
from recon.models import BulkRepair, BulkState
from recon.queries.pauses import applies_paused
from recon.queries.tokens import who_answers_for
from recon.traces import traceparent
from recon.words import reason_in

STARTED: Final = (BulkState.RUNNING, BulkState.WAITING_FOR_SECOND, BulkState.PAUSED, BulkState.DONE)


def start_bulk_repair(
    run_id: int,
    *,
    actor: str,
    groups: Iterable[str],
    reason: str,
    now: datetime,
    request_id: str = "",
    final_calls: str = "",
) -> BulkDone:
    """One that its starter has started already is left as it is. `final_calls` is what was typed for how many calls of
    it cannot be taken back: where there are any, nothing is started without their number (unconfirmed).

    Raises ValueError without a reason, BulkRepair's DoesNotExist for one that there is not.
    """
    said = reason_in(reason, "Say why: the reason stands with each of the repairs, and nothing is started without one.")
    with transaction.atomic():
        run = locked(run_id)
        if run.actor == actor and run.state in STARTED:
            return DONE
        refused = _may_not_start(run, actor, frozenset(groups)) or _unconfirmed(run, final_calls)
        if refused is not None:
            return _refuse(run, actor, said, refused, request_id)
        waits = needs_second(accounts=run.accounts, any_severe=any_severe(run))
        run.reason, run.request_id, run.traceparent = said, request_id, traceparent()
        run.state = BulkState.WAITING_FOR_SECOND if waits else BulkState.RUNNING
        run.began_at = None if waits else now
        run.save(update_fields=["reason", "request_id", "traceparent", "state", "began_at"])
        action = "bulk_repair.second_asked" if waits else "bulk_repair.started"
        wake_soon(DRIVE)
        record(Entry(actor, action, said, after=so_far(run), request_id=request_id))
    return DONE


def approve_bulk_repair(
    run_id: int, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> BulkDone:
    """By a second person, with a reason of their own; then it runs. ValueError without a reason."""
    said = reason_in(reason, "Say why you approve it: two people answer for it.")
    with transaction.atomic():
        run = locked(run_id)
        if run.second == actor and run.state in STARTED:
            return DONE
        refused = _may_not_approve(run, actor, frozenset(groups))
        if refused is not None:
            return _refuse(run, actor, said, refused, request_id)
        run.state, run.second, run.began_at = BulkState.RUNNING, actor, now
        run.save(update_fields=["state", "second", "began_at"])
        wake_soon(DRIVE)
        record(Entry(actor, "bulk_repair.approved", said, after=so_far(run), request_id=request_id))
    return DONE


def _may_not_start(run: BulkRepair, actor: str, groups: frozenset[str]) -> BulkDone | None:
    if run.actor != actor:
        return BulkDone("forbidden", "Somebody else drafted it, and starts it.")
    if run.state != BulkState.DRAFTED:
        return BulkDone("state", "It was cancelled.")
    if not holds(groups, right_to_start(accounts=run.accounts, any_severe=any_severe(run))):
        return BulkDone(
            "forbidden",
            "A run of this size, with a severe plan or of Stripe proposals, is started by finance or admin.",
        )
    return _frozen()


def _unconfirmed(run: BulkRepair, typed: str) -> BulkDone | None:
    final = run.totals.get("final", 0)
    if not final or typed.strip() == str(final):
        return None
    return BulkDone("unconfirmed", f"Type {final}: so many of these calls can never be taken back.")


def _may_not_approve(run: BulkRepair, actor: str, groups: frozenset[str]) -> BulkDone | None:
    starter = who_answers_for(run.actor)
    if actor in (run.actor, starter):
        return BulkDone("forbidden", "You started it: somebody else of finance or admin approves it.")
    if not may_second(groups, person=name_of(actor), starter=name_of(starter)):
        return BulkDone("forbidden", "A bulk repair is approved by finance or admin.")
    if run.state != BulkState.WAITING_FOR_SECOND:
        return BulkDone("state", "It does not wait for a second person.")
    return _frozen()


def _frozen() -> BulkDone | None:
    pause = applies_paused()
    return BulkDone("paused", f"All applies are paused: {pause.reason}") if pause is not None else None


def _refuse(run: BulkRepair, actor: str, said: str, refused: BulkDone, request_id: str) -> BulkDone:
    after = so_far(run) | {"code": refused.code, "why": refused.sentence}
    record(Entry(actor, "bulk_repair.refused", said, after=after, request_id=request_id))
    return refused
