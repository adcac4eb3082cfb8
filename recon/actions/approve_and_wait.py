"""Approve a plan and see it through: what a program does that wants to know, in one call, what came of it."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from recon.actions.approve import approve_plan
from recon.actions.carry_out import carry_out
from recon.models import AccountState, ApplyState
from recon.queries.repairs import Repair, repair

PATIENCE_SECONDS: Final = 10.0  # a store that does not answer is not waited for by a program
LOOK_EVERY_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class SeenThrough:
    """The repair as it stands now, or why there is none: a word for programs and a sentence for people."""

    repair: Repair | None
    code: str = ""
    sentence: str = ""


def approve_and_wait(
    account_id: str,
    *,
    digest: str,
    actor: str,
    groups: Iterable[str],
    reason: str,
    request_key: str,
    request_id: str = "",
) -> SeenThrough:
    """The same `request_key` of the same actor is the same repair. Raises ValueError without a reason.

    The approval is durable before anything is done: whoever dies over it, the schedule goes on. A repair that is still
    live when it is told was taken up by a worker, or waits for a store.
    """
    approved = approve_plan(
        account_id,
        digest=digest,
        actor=actor,
        groups=groups,
        reason=reason,
        request_key=request_key,
        request_id=request_id,
    )
    if approved.apply_id is None:
        return SeenThrough(None, approved.code, approved.sentence)
    carry_out(approved.apply_id)
    return SeenThrough(_settled(approved.apply_id))


def _settled(apply_id: UUID) -> Repair | None:
    """A worker that was woken may have come first: it closes the repair, and looks at the account again after that."""
    until = time.monotonic() + PATIENCE_SECONDS
    found = repair(apply_id)
    while found is not None and _is_under_way(found) and time.monotonic() < until:
        time.sleep(LOOK_EVERY_SECONDS)
        found = repair(apply_id)
    return found


def _is_under_way(found: Repair) -> bool:
    """Live, or done and not read back yet."""
    if found.state != ApplyState.DONE:
        return found.is_live
    return not AccountState.objects.filter(account_id=found.account_id, evaluated_at__gte=found.closed_at).exists()
