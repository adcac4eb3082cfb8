"""Keep why an account was evaluated out of turn: the events, timers, repairs and people that had asked for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from recon.actions.dirty import CauseKind, Completed
from recon.actions.keep_evaluations import Evaluated
from recon.models import AccountState, Recompute, Trigger
from recon.traces import Value, traceparent

MOST_CAUSES: Final = 20
# Of each account the latest events among the marks that were answered, and how many there were in all.
EVENTS: Final = """
select answered.account, event.source, event.type, event.event_id, event.received_at, event.traceparent, mark.in_all
from unnest(%(accounts)s::text[], %(after)s::bigint[], %(until)s::bigint[]) as answered (account, after, until)
cross join lateral (
    select event_id, gen, count(*) over () as in_all from inbox_mark
    where account_id = answered.account and gen > answered.after and gen <= answered.until
    order by gen desc limit %(most)s
) as mark
join inbox as event on event.id = mark.event_id
order by answered.account, mark.gen desc
"""
TRIGGERS: Final[Mapping[str, Trigger]] = {
    "event": Trigger.EVENT,
    CauseKind.PERSON: Trigger.PERSON,
    CauseKind.APPLY: Trigger.APPLY,
    CauseKind.POLICY: Trigger.POLICY,
    CauseKind.SWEEP: Trigger.SWEEP,
    CauseKind.SUSPECT: Trigger.SWEEP,
}


@dataclass(frozen=True, slots=True)
class Causes:
    """What had asked for an evaluation: the latest, as {kind, ref, at}, oldest first, and how many more there were.
    `traceparents` are of the events among them."""

    listed: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    more: int = 0
    traceparents: Sequence[str | None] = ()

    @property
    def named(self) -> list[str]:
        """Of an event which one it was; of the rest what kind they are, for a person may be among them."""
        return [f"event {one['ref']}" if one["kind"] == "event" else one["kind"] for one in self.listed]

    @property
    def trigger(self) -> Trigger:
        """The one word for all of them: an event is what outsiders ask about, a timer what is left."""
        kinds = {one["kind"] for one in self.listed}
        return next((trigger for kind, trigger in TRIGGERS.items() if kind in kinds), Trigger.TIMER)


class _Event(NamedTuple):
    """One event among an account's marks, of which there are so many `in_all`."""

    source: str
    type: str
    event_id: str
    received_at: datetime
    traceparent: str | None
    in_all: int

    @property
    def ref(self) -> str:
        return f"{self.source} {self.type} {self.event_id}"


def causes_of(completed: Sequence[Completed]) -> dict[str, Causes]:
    """Account → the marks that its claim has answered: events by the generations that they made, the rest as it was
    marked."""
    events = _events(completed)
    return {one.account_id: _causes(one, events.get(one.account_id, ())) for one in completed}


def keep_recomputes(causes: Mapping[str, Causes], states: Sequence[AccountState], at: Mapping[str, datetime]) -> None:
    """Of each account that has `causes`. `states` are what was kept: without an account that a newer evaluation had
    overtaken."""
    evaluation_ids = {state.account_id: state.evaluation_id for state in states}
    Recompute.objects.bulk_create(
        Recompute(
            account_id=account_id,
            at=at[account_id],
            evaluation_id=evaluation_ids.get(account_id),
            causes=list(told.listed),
            more_causes=told.more,
            traceparent=traceparent(),
        )
        for account_id, told in causes.items()
    )


def found_in(evaluated: Evaluated) -> dict[str, Value]:
    """An evaluation in a few words of ours, for its span and its line."""
    drift = evaluated.answer["drift"]
    return {"verdict": evaluated.answer["verdict"], "classes": drift["classes"], "drifted_cells": len(drift["cells"])}


def asked_by(trigger: Trigger, actor: str, at: datetime) -> Causes:
    """Somebody asked for it at once, without a mark."""
    return Causes([{"kind": trigger.value, "ref": actor, "at": _text(at)}])


def _events(completed: Sequence[Completed]) -> dict[str, list[_Event]]:
    """Account → its latest events, the newest mark first."""
    given: dict[str, Any] = {
        "accounts": [one.account_id for one in completed],
        "after": [one.done_gen for one in completed],
        "until": [one.gen for one in completed],
        "most": MOST_CAUSES,
    }
    found: dict[str, list[_Event]] = {}
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, given)
        for account_id, *event in cursor.fetchall():
            found.setdefault(account_id, []).append(_Event(*event))
    return found


def _causes(completed: Completed, events: Sequence[_Event]) -> Causes:
    told = [{"kind": "event", "ref": one.ref, "at": _text(one.received_at)} for one in events]
    told += [{name: one[name] for name in ("kind", "ref", "at")} for one in completed.causes]
    listed = sorted(told, key=lambda one: one["at"])
    more = events[0].in_all - len(events) if events else 0
    return Causes(listed[-MOST_CAUSES:], more + max(0, len(listed) - MOST_CAUSES), [one.traceparent for one in events])


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
