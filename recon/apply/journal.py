"""The coordinator's durable steps. Each is one transaction, and each names the epoch of whoever takes it.

A step inside somebody's transaction would be durable only when that one is, so it is refused (`durable`).
A step that meets another state or another epoch changes nothing and raises `Overtaken`: somebody else finishes this
apply, and the one who was overtaken touches nothing more. State, audit and events of a decision are one commit.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from recon.apply.changes import events_of
from recon.apply.order import EXPIRED, Refusal, undone
from recon.apply.record import Entry, record, record_all
from recon.apply.tell import Event
from recon.engine.facts import StoreName
from recon.models import (
    LIVE_STATES,
    Apply,
    ApplyBranch,
    ApplyCall,
    ApplyState,
    BranchState,
    CallClass,
    CallState,
    EventKind,
)
from recon.stores.base import Prepared

INSTANCE: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
LEASE: Final = timedelta(seconds=30)
KEEP_PREPARED: Final = """
    UPDATE apply_branch SET xid = known.xid, system_identifier = known.server, state = %s
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS known (gid, xid, server)
    WHERE apply_branch.gid = known.gid
"""
MOVE: Final = """
    UPDATE apply SET {assigned}
    FROM unnest(%s::uuid[], %s::bigint[]) AS held (held_id, held_epoch)
    WHERE id = held_id AND epoch = held_epoch AND state = ANY(%s)
    RETURNING apply.*
"""
MarkDirty = Callable[[Iterable[str], datetime], None]


class Overtaken(Exception):
    """Another coordinator has taken this apply over, or finished it."""


@dataclass(frozen=True, slots=True)
class Held:
    """An apply in the hands of one coordinator: the row's id and the epoch that fences it."""

    id: UUID
    account_id: str
    epoch: int
    instance: str

    def gid(self, store: StoreName) -> str:
        return gid_of(self.instance, self.id, store)


@dataclass(frozen=True, slots=True)
class Closing:
    """What became of an apply, all of it: how it ends, its branches by gid, and the calls that were made since."""

    held: Held
    state: ApplyState
    branches: Mapping[str, BranchState]
    calls: Sequence[ApplyCall] = ()
    explanation: str = ""

    @property
    def decided(self) -> ApplyState:
        return ApplyState.ABORTING if self.state is ApplyState.ABORTED else ApplyState.COMMITTING


def gid_prefix(instance: str) -> str:
    """How the names of all our prepared transactions begin. ValueError: a name that could be another's beginning."""
    if not INSTANCE.fullmatch(instance):
        raise ValueError(f"RECON_INSTANCE is {instance!r}: name it with 1 to 32 letters, digits, - or _.")
    return f"recon.{instance}."


def gid_of(instance: str, apply_id: UUID, store: StoreName) -> str:
    return f"{gid_prefix(instance)}{apply_id.hex}.{store.value}"


def intend_pivot(held: Held, prepared: Sequence[Prepared], *, now: datetime) -> None:
    """All branches are prepared. From here on only Stripe's answer tells: the call may not be presumed unsent."""
    with transaction.atomic(durable=True):
        _move(held, (ApplyState.PREPARING,), now, state=ApplyState.CALLING)
        _keep_prepared(prepared)
        ApplyCall.objects.filter(apply_id=held.id, call_class=CallClass.PIVOT).update(
            state=CallState.INTENDED, attempts=1, first_sent_at=now
        )


def intend_again(held: Held, call: ApplyCall, *, key: str, now: datetime) -> None:
    """One more attempt of a call, with the key that it will carry, before it is sent."""
    with transaction.atomic(durable=True):
        if call.call_class == CallClass.RETRIABLE and key == call.idempotency_key:
            _commit_lazily()
        _move(held, (ApplyState.CALLING, ApplyState.COMMITTING), now)
        ApplyCall.objects.filter(id=call.id).update(
            state=CallState.INTENDED,
            attempts=F("attempts") + 1,
            idempotency_key=key,
            first_sent_at=call.first_sent_at or now,
        )


def decide_commit(held: Held, prepared: Sequence[Prepared], *, calls: Iterable[ApplyCall] = (), now: datetime) -> None:
    """The commit point. `prepared` is empty when the branches are recorded already."""
    with transaction.atomic(durable=True):
        undecided = (ApplyState.PREPARING, ApplyState.CALLING)
        apply = _move(held, undecided, now, state=ApplyState.COMMITTING, decided_at=now)
        _keep_prepared(prepared)
        _keep_calls(calls)
        record(*_applied(apply))


def decide_commits(prepared: Mapping[Held, Sequence[Prepared]], *, now: datetime) -> list[Held]:
    """The commit point of several that make no call before it, in one commit: those that are decided by it. Of the
    others each was overtaken; nothing of them is recorded."""
    with transaction.atomic(durable=True):
        moved = _move_all(prepared, (ApplyState.PREPARING,), now, state=ApplyState.COMMITTING, decided_at=now)
        decided = [held for held in prepared if held.id in moved]
        _keep_prepared([branch for held in decided for branch in prepared[held]])
        record_all([_applied(moved[held.id]) for held in decided])
    return decided


def decide_abort(
    held: Held, explanation: str, *, refused: bool, code: str = "", calls: Iterable[ApplyCall] = (), now: datetime
) -> None:
    """Nothing of it will be: whatever is prepared is rolled back. `refused`: nothing broke; the world moved, or `code`
    says what else."""
    with transaction.atomic(durable=True):
        apply = _move(
            held,
            (ApplyState.PREPARING, ApplyState.CALLING),
            now,
            state=ApplyState.ABORTING,
            decided_at=now,
            explanation=explanation,
            refused=refused,
            code=code or ("stale" if refused else "failed"),
        )
        _keep_calls(calls)
        action = EventKind.REPAIR_REFUSED if refused else EventKind.REPAIR_FAILED
        told = Event(action, held.account_id, None, {**_summary(apply), "why": explanation}, _cause(apply))
        record(_entry(apply, action, "stored", "stored", why=explanation), [told])


def refuse_approved(
    apply_id: UUID, refusal: Refusal, entry: Entry, event: Event, *, mark_dirty: MarkDirty, now: datetime
) -> None:
    """A stored approval that may not be carried out any more: closed, and nothing was sent. One that somebody else has
    claimed, or closed, is left to them."""
    with transaction.atomic(durable=True):
        waiting = Apply.objects.filter(id=apply_id, state=ApplyState.APPROVED)
        closed = waiting.update(
            state=ApplyState.EXPIRED if refusal is EXPIRED else ApplyState.ABORTED,
            refused=True,
            code=refusal.code,
            explanation=refusal.sentence,
            decided_at=now,
            closed_at=now,
        )
        if closed:
            cause = _cause(Apply.objects.only("id", "undoes_id").get(id=apply_id))
            record(replace(entry, apply_id=apply_id), [replace(event, cause=cause)])
            mark_dirty([event.account_id], now)


def keep_progress(
    held: Held,
    branches: Mapping[str, BranchState],
    calls: Iterable[ApplyCall],
    *,
    waiting_for: str,
    retry_at: datetime,
) -> Apply:
    """Something is still out of reach: keep what is finished, and let whoever comes after `retry_at` go on."""
    with transaction.atomic(durable=True):
        decided = (ApplyState.COMMITTING, ApplyState.ABORTING)
        apply = _move(held, decided, retry_at, lease_until=retry_at, waiting_for=waiting_for)
        _keep_branches(branches)
        _keep_calls(calls)
    return apply


def close_all(closings: Sequence[Closing], *, mark_dirty: MarkDirty, now: datetime) -> dict[UUID, Apply]:
    """DONE, ABORTED or EXCEPTION, the audit and the dirty marks, in one commit. An exception is an event of its own.

    Answers those that are closed by it; of the others each was overtaken, and is left to whoever that was.
    """
    with transaction.atomic(durable=True):
        if all(closing.state is not ApplyState.EXCEPTION for closing in closings):
            _commit_lazily()
        closed: dict[UUID, Apply] = {}
        for state, decided, explanation in {(one.state, one.decided, one.explanation) for one in closings}:
            alike = [one.held for one in closings if (one.state, one.explanation) == (state, explanation)]
            told = {"explanation": explanation} if explanation else {}
            ended = {"state": state, "closed_at": now, "lease_until": None, "waiting_for": "", **told}
            closed |= _move_all(alike, (decided,), now, **ended)
        ours = [closing for closing in closings if closing.held.id in closed]
        _keep_branches({gid: state for closing in ours for gid, state in closing.branches.items()})
        _keep_calls(call for closing in ours for call in closing.calls)
        record_all([told for closing in ours for told in _closed(closed[closing.held.id], closing.explanation)])
        # After the chain's head and the outbox's turn, as in every transaction that needs more than one of them.
        mark_dirty([closing.held.account_id for closing in ours], now)
    return closed


def _closed(apply: Apply, explanation: str) -> Iterator[tuple[Entry, list[Event]]]:
    if apply.state == ApplyState.EXCEPTION:
        told = {**_summary(apply), "why": explanation}
        failed = Event(EventKind.REPAIR_FAILED, apply.account_id, None, told, _cause(apply))
        yield _entry(apply, "repair.needs_person", "stored", "truth", why=explanation), [failed]
    elif apply.state == ApplyState.DONE:
        yield _entry(apply, "repair.finished", "stored", "truth", why=explanation), []


def take_over(apply_id: UUID, *, instance: str, now: datetime, whatever_lease: bool) -> Held | None:
    """The apply with a new epoch, ours; None when its lease still runs, it is closed, or somebody was faster."""
    with transaction.atomic(durable=True):
        rows = Apply.objects.select_for_update(skip_locked=True).filter(id=apply_id, state__in=LIVE_STATES)
        rows = rows.exclude(state=ApplyState.APPROVED)
        if not whatever_lease:
            rows = rows.exclude(lease_until__gt=now)
        apply = rows.first()
        if apply is None:
            return None
        apply.epoch += 1
        apply.takeovers += 1
        apply.lease_until = now + LEASE
        apply.save(update_fields=["epoch", "takeovers", "lease_until"])
    return Held(id=apply.id, account_id=apply.account_id, epoch=apply.epoch, instance=instance)


def expire(*, now: datetime, account_id: str | None = None) -> int:
    """Approvals, of this account or of all, that nobody claimed in time. How many."""
    late = Apply.objects.filter(state=ApplyState.APPROVED, expires_at__lte=now)
    if account_id is not None:
        late = late.filter(account_id=account_id)
    expired = 0
    for apply in late:
        with transaction.atomic(durable=True):
            told = {"code": EXPIRED.code, "explanation": EXPIRED.sentence}
            if late.filter(id=apply.id).update(state=ApplyState.EXPIRED, closed_at=now, **told):
                refused = Event(EventKind.REPAIR_REFUSED, apply.account_id, None, _refusal(apply), _cause(apply))
                record(_entry(apply, "repair.expired", "stored", "stored"), [refused])
                expired += 1
    return expired


def _commit_lazily() -> None:
    """This commit need not reach the disk at once: after a crash of the server, recovery does the same again."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _move(held: Held, before: Sequence[ApplyState], now: datetime, **changes: Any) -> Apply:
    """The fence: one row in one of these states at our epoch, or we were overtaken. The row as it is then."""
    moved = _move_all([held], before, now, **changes)
    if held.id not in moved:
        raise Overtaken(f"apply {held.id} is no longer ours")
    return moved[held.id]


def _move_all(held: Iterable[Held], before: Sequence[ApplyState], now: datetime, **changes: Any) -> dict[UUID, Apply]:
    """The same of several, each behind its own fence: the rows that moved, as they are then."""
    changes.setdefault("lease_until", now + LEASE)
    epochs = {one.id: one.epoch for one in held}
    fence = [list(epochs), list(epochs.values()), [state.value for state in before]]
    assigned = ", ".join(f"{column} = %s" for column in changes)
    moved = Apply.objects.raw(MOVE.format(assigned=assigned), [*changes.values(), *fence])
    return {apply.id: apply for apply in moved}


def _keep_prepared(prepared: Sequence[Prepared]) -> None:
    if prepared:
        with connection.cursor() as cursor:
            gids, xids, servers = zip(*((one.gid, one.xid, one.system_identifier) for one in prepared), strict=True)
            cursor.execute(KEEP_PREPARED, [BranchState.PREPARED, list(gids), list(xids), list(servers)])


def _keep_branches(states: Mapping[str, BranchState]) -> None:
    for state in set(states.values()):
        gids = [gid for gid, reached in states.items() if reached is state]
        ApplyBranch.objects.filter(gid__in=gids).update(state=state)


def _keep_calls(calls: Iterable[ApplyCall]) -> None:
    for call in calls:
        # The number of attempts and the key are kept before each attempt; here only what came of it.
        ApplyCall.objects.filter(id=call.id).update(
            state=call.state,
            http_status=call.http_status,
            code=call.code,
            attempts=Greatest(F("attempts"), call.attempts),
        )


def _applied(apply: Apply) -> tuple[Entry, list[Event]]:
    applied = Event(EventKind.REPAIR_APPLIED, apply.account_id, None, _summary(apply), _cause(apply))
    entry = _entry(apply, EventKind.REPAIR_APPLIED, "stored", "truth")
    return entry, [applied, *events_of(apply.account_id, apply.writes, _cause(apply))]


def _entry(apply: Apply, action: str, before: str, after: str, *, why: str = "") -> Entry:
    """The audit entry of a repair: what its cells were, and what they are now."""
    return Entry(
        actor=apply.approved_by,
        action=action,
        reason=apply.reason,
        account=apply.account_id,
        before={"cells": _cells(apply, before)},
        after={
            "cells": _cells(apply, after),
            "digest": apply.digest,
            "proposal": apply.proposal,
            "why": why,
            **undone(apply.undoes_id),
        },
        request_id=apply.request_id,
        apply_id=apply.id,
    )


def _cells(apply: Apply, side: str) -> list[list[Any]]:
    return [
        [f"{cell['store']}.{cell['table']}[{','.join(cell['key'].values())}].{cell['column']}", cell[side]]
        for cell in apply.writes
    ]


def _refusal(apply: Apply) -> dict[str, Any]:
    return {**_summary(apply), "code": EXPIRED.code, "why": EXPIRED.sentence}


def _summary(apply: Apply) -> dict[str, Any]:
    return {
        "apply_id": str(apply.id),
        "digest": apply.digest,
        "risk": apply.risk,
        "writes": len(apply.writes),
        **undone(apply.undoes_id),
    }


def _cause(apply: Apply) -> str:
    """What the events of an apply name as their cause: whoever listens tells an undo from a repair by it."""
    return f"{'apply' if apply.undoes_id is None else 'undo'}:{apply.id}"
