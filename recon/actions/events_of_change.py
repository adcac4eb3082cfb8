"""The domain events between two states of one account. An account seen for the first time has changed nothing yet,
except that its drift is detected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from recon.models import AccountState

STATE = ("state",)
ENTITLEMENT = ("plan_active", "effective_plan", "restricted", "suspended")
FLAGS = (
    "has_debt",
    "is_bad_debt",
    "payment_status",
    "billing_block",
    "delinquent",
    "has_no_successful_payment",
    "has_payment_method",
)
OF_TRUTH: Mapping[str, tuple[str, ...]] = {
    "account.state_changed": STATE,
    "account.entitlement_changed": ENTITLEMENT,
    "account.flag_changed": FLAGS,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One event before it is stored: what a consumer may see of the account before and after."""

    kind: str
    account_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def events_of_change(before: AccountState | None, after: AccountState) -> Iterator[Change]:
    if after.is_known:
        yield from _changes_of_truth(before, after)
        yield from _changes_of_drift(before, after)
    yield from _changes_of_cases(before, after)


def _changes_of_truth(before: AccountState | None, after: AccountState) -> Iterator[Change]:
    if before is None or not before.last_truth or not after.last_truth:
        return
    for kind, fields in OF_TRUTH.items():
        old = {field: before.last_truth[field] for field in fields}
        new = {field: after.last_truth[field] for field in fields}
        if old != new:
            yield Change(kind, after.account_id, old, new)


def _changes_of_drift(before: AccountState | None, after: AccountState) -> Iterator[Change]:
    old = _drift(before) if before is not None and before.drift_since else None
    new = _drift(after) if after.drift_since else None
    if old is None and new is not None:
        yield Change("drift.detected", after.account_id, None, new)
    if old is not None and new is None:
        yield Change("drift.cleared", after.account_id, old, None)


def _drift(state: AccountState) -> dict[str, Any]:
    return {"classes": state.classes, "details": state.details, "cells": state.drifted_cells}


def _changes_of_cases(before: AccountState | None, after: AccountState) -> Iterator[Change]:
    old = _opened(before) if before is not None else set()
    new = _opened(after)
    for kind in sorted(new - old):
        yield Change("case.opened", after.account_id, None, {"finding": kind, "since": after.standing[kind]["since"]})
    for kind in sorted(old - new):
        yield Change("case.closed", after.account_id, {"finding": kind}, None)


def _opened(state: AccountState) -> set[str]:
    return {kind for kind, standing in state.standing.items() if standing["opened"]}
