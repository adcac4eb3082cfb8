"""The domain events between two evaluations of one account: drift found or gone, a case opened or closed. What an apply
changes in the stores, the apply itself tells."""

from collections.abc import Iterator
from typing import Any

from recon.apply.tell import Event
from recon.models import AccountState, EventKind


def events_of_change(before: AccountState | None, after: AccountState) -> Iterator[Event]:
    if after.is_known:
        yield from _changes_of_drift(before, after)
    yield from _changes_of_cases(before, after)


def _changes_of_drift(before: AccountState | None, after: AccountState) -> Iterator[Event]:
    old = _drift(before) if before is not None and before.drift_since else None
    new = _drift(after) if after.drift_since else None
    if old is None and new is not None:
        yield Event(EventKind.DRIFT_DETECTED, after.account_id, None, new)
    if old is not None and new is None:
        yield Event(EventKind.DRIFT_CLEARED, after.account_id, old, None)


def _drift(state: AccountState) -> dict[str, Any]:
    return {"classes": state.classes, "details": state.details, "cells": state.drifted_cells}


def _changes_of_cases(before: AccountState | None, after: AccountState) -> Iterator[Event]:
    old = _opened(before) if before is not None else set()
    new = _opened(after)
    for kind in sorted(new - old):
        yield Event(
            EventKind.CASE_OPENED, after.account_id, None, {"finding": kind, "since": after.standing[kind]["since"]}
        )
    for kind in sorted(old - new):
        yield Event(EventKind.CASE_CLOSED, after.account_id, {"finding": kind}, None)


def _opened(state: AccountState) -> set[str]:
    return {kind for kind, standing in state.standing.items() if standing["opened"]}
