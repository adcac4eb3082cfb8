"""What the course of the drift is counted by: three headlines, four classes, and the details that are no headline."""

from collections.abc import Iterable
from enum import StrEnum


class Measure(StrEnum):
    """`contradictory_debt_flags` is the second headline: K2 where the stores contradict each other. The class it is
    part of has its name in the contract."""

    STUCK_IN_BAD_DEBT = "stuck_in_bad_debt"
    CONTRADICTORY_DEBT_FLAGS = "contradictory_debt_flags"
    FLAGGED_BUT_PAID = "flagged_but_paid"
    BAD_DEBT_DRIFT = "bad_debt_drift"
    INCONSISTENT_DEBT_FLAGS = "inconsistent_debt_flags"
    NO_SUCCESSFUL_PAYMENT_DRIFT = "no_successful_payment_drift"
    ENTITLEMENT_DRIFT = "entitlement_drift"
    MISSED = "missed"
    WRONG = "wrong"
    UNFLAGGED_NEVER_PAID = "unflagged_never_paid"
    PAID_BUT_BLOCKED = "paid_but_blocked"
    SERVED_UNPAID = "served_unpaid"


HEADLINES = (Measure.STUCK_IN_BAD_DEBT, Measure.CONTRADICTORY_DEBT_FLAGS, Measure.FLAGGED_BUT_PAID)
_RENAMED = {"stuck": Measure.STUCK_IN_BAD_DEBT}

_SIGNALS = frozenset({"state", "is_bad_debt", "in_bad_debt", "payment_status", "level"})
_FLAGS = _SIGNALS | {"has_debt", "delinquent"}
_NEVER_PAID = frozenset({"has_no_successful_payment"})
_ACCESS = frozenset({"plan_active", "restricted", "suspended", "level"})

COLUMNS = {
    Measure.STUCK_IN_BAD_DEBT: _SIGNALS,
    Measure.BAD_DEBT_DRIFT: _SIGNALS,
    Measure.MISSED: _SIGNALS,
    Measure.CONTRADICTORY_DEBT_FLAGS: _FLAGS,
    Measure.INCONSISTENT_DEBT_FLAGS: _FLAGS,
    Measure.WRONG: _FLAGS,
    Measure.FLAGGED_BUT_PAID: _NEVER_PAID,
    Measure.NO_SUCCESSFUL_PAYMENT_DRIFT: _NEVER_PAID,
    Measure.UNFLAGGED_NEVER_PAID: _NEVER_PAID,
    Measure.ENTITLEMENT_DRIFT: _ACCESS,
    Measure.PAID_BUT_BLOCKED: _ACCESS,
    Measure.SERVED_UNPAID: _ACCESS,
}
"""The columns that an account counts under a measure by, hence those by which a repair heals it."""


def measures_of(classes: Iterable[str], details: Iterable[str], *, is_contradictory: bool) -> frozenset[Measure]:
    """Under which measures an account with these classes and details counts."""
    found = {_RENAMED.get(word) or Measure(word) for word in (*classes, *details)}
    if is_contradictory:
        found.add(Measure.CONTRADICTORY_DEBT_FLAGS)
    return frozenset(found)
