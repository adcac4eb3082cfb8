"""Evaluations and the version of the policy that they were made with: each is kept wholly before another version takes
over, or wholly after.

Whoever evaluates reads the version when the work begins, so another may take over before the outcome is kept. Keeping
shares a lock that taking over has alone. What was kept before is seen by whoever takes over, and marked where the new
numbers can touch it; what is kept after sees that its version does not govern any more, and marks itself.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import connection

from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.queries.policy import number_in_force

SHARE: Final = "select pg_advisory_xact_lock_shared(hashtextextended('policy', 0))"
TAKE: Final = "select pg_advisory_xact_lock(hashtextextended('policy', 0))"


def share_policy_turn() -> None:
    """First in a transaction that keeps evaluations: who takes over waits for no row while it waits for this."""
    with connection.cursor() as cursor:
        cursor.execute(SHARE)


def take_policy_turn() -> None:
    """First in the transaction in which a version takes over."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE)


def mark_outdated(evaluated: Mapping[str, tuple[int | None, datetime]]) -> None:
    """Account → the version that it was evaluated with (None: numbers that never governed), and when. In one's turn."""
    if all(number is None for number, _ in evaluated.values()):
        return
    governing = number_in_force()
    outdated = {account_id: at for account_id, (number, at) in evaluated.items() if number not in {None, governing}}
    if outdated:
        mark_dirty(outdated, max(outdated.values()), cause=Cause(CauseKind.POLICY, str(governing)))
