"""Where a coordinator stands: named moments that an observer may watch, and at which tests kill the process.

Between any two of them nothing durable changes, so a crash anywhere is a crash at one of these.
"""

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """In the order of a repair that touches databases and Stripe."""

    LOCKED = "locked"
    RECOMPUTED = "recomputed"
    CLAIMED = "claimed"
    WRITES_SENT = "writes_sent"
    WRITES_CHECKED = "writes_checked"
    PREPARE_SENT = "prepare_sent"
    BRANCH_PREPARED = "branch_prepared"
    ALL_PREPARED = "all_prepared"
    CALL_INTENDED = "call_intended"
    CALL_ANSWERED = "call_answered"
    CALL_RETRIED = "call_retried"
    PIVOT_SETTLED = "pivot_settled"
    COMMIT_DECIDED = "commit_decided"
    ABORT_DECIDED = "abort_decided"
    COMMIT_SENT = "commit_sent"
    BRANCH_COMMITTED = "branch_committed"
    ALL_COMMITTED = "all_committed"
    ROLLBACK_SENT = "rollback_sent"
    BRANCH_ROLLED_BACK = "branch_rolled_back"
    ALL_ROLLED_BACK = "all_rolled_back"
    OWED_SETTLED = "owed_settled"
    READ_BACK = "read_back"
    CLOSED = "closed"
    TAKEN_OVER = "taken_over"
    SWEPT = "swept"


Observer = Callable[[Step], None]


def unobserved(step: Step) -> None:
    """The observer of everyday life: nobody."""
