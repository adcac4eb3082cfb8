"""Keep why an account was evaluated out of turn: the events, timers, repairs and people that had asked for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from recon.actions.dirty import CauseKind, Claim, Completed
from recon.actions.keep_evaluations import Evaluated
from recon.models import AccountState, InboxMark, Recompute, Trigger
from recon.traces import Value, traceparent

MOST_CAUSES: Final = 20
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


def causes_of(claim: Claim, completed: Completed) -> Causes:
    """The marks that this claim has answered: events by the generations that they made, the rest as it was marked."""
    marks = InboxMark.objects.filter(
        account_id=claim.account_id, gen__gt=completed.done_gen, gen__lte=claim.gen
    ).order_by("-gen")
    events = list(marks.select_related("event").defer("event__body")[:MOST_CAUSES])
    more = marks.count() - len(events) if len(events) == MOST_CAUSES else 0
    told = [{"kind": "event", "ref": _event_ref(mark), "at": _text(mark.event.received_at)} for mark in events]
    told += [{name: one[name] for name in ("kind", "ref", "at")} for one in completed.causes]
    listed = sorted(told, key=lambda one: one["at"])
    came_from = [mark.event.traceparent for mark in events]
    return Causes(listed[-MOST_CAUSES:], more + max(0, len(listed) - MOST_CAUSES), came_from)


def keep_recompute(account_id: str, states: Sequence[AccountState], causes: Causes, *, at: datetime) -> None:
    """`states` is what was kept of it: empty when a newer evaluation had overtaken this one."""
    evaluation_id = states[0].evaluation_id if states else None
    Recompute.objects.create(
        account_id=account_id,
        at=at,
        evaluation_id=evaluation_id,
        causes=list(causes.listed),
        more_causes=causes.more,
        traceparent=traceparent(),
    )


def found_in(evaluated: Evaluated) -> dict[str, Value]:
    """An evaluation in a few words of ours, for its span and its line."""
    drift = evaluated.answer["drift"]
    return {"verdict": evaluated.answer["verdict"], "classes": drift["classes"], "drifted_cells": len(drift["cells"])}


def asked_by(trigger: Trigger, actor: str, at: datetime) -> Causes:
    """Somebody asked for it at once, without a mark."""
    return Causes([{"kind": trigger.value, "ref": actor, "at": _text(at)}])


def _event_ref(mark: InboxMark) -> str:
    return f"{mark.event.source} {mark.event.type} {mark.event.event_id}"


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
