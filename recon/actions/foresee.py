"""What an apply of a plan would tell others, said by the function that tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recon.apply.changes import events_of


@dataclass(frozen=True, slots=True)
class ForeseenEvent:
    """One domain event that would be emitted, and the cells (`store.table.column`) that it would name."""

    kind: str
    cells: tuple[str, ...]


def foresee_events(account_id: str, writes: Sequence[Mapping[str, Any]]) -> tuple[ForeseenEvent, ...]:
    """In their order; `writes` are a plan's cells as JSON. Nothing to write tells nobody anything."""
    if not writes:
        return ()
    changes = events_of(account_id, writes, "foreseen")
    return (
        ForeseenEvent("repair.applied", ()),
        *(ForeseenEvent(event.kind, tuple(event.after or {})) for event in changes),
    )
