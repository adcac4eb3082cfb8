"""Carry out what was approved: apply it, then look at the account again, so that what is shown is what is so."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from recon.actions import apply_equipment, equipment
from recon.actions.authority import rights_of
from recon.actions.recompute_dirty import recompute_dirty
from recon.actions.repair_automatically import may_still
from recon.actors import AUTO
from recon.apply.coordinator import Result
from recon.apply.order import Order, Rights
from recon.models import Apply, ApplyState
from recon.queries.groups import groups_now
from recon.under_way import under_way

# A worker that was woken takes less; what is older was not taken by anybody.
NOBODY_CAME_AFTER: Final = timedelta(seconds=2)


def carry_out(apply_id: UUID) -> Result | None:
    """None when there is nothing to do: it was carried out, or refused, before.

    What the approver may do is asked again: somebody who lost the right meanwhile has approved nothing.
    """
    apply = Apply.objects.filter(id=apply_id, state=ApplyState.APPROVED).first()
    if apply is None:
        return None
    with under_way(
        "carry out",
        parent=apply.traceparent,
        account_id=apply.account_id,
        repair_id=str(apply.id),
        request_id=apply.request_id,
    ) as work:
        result = apply_equipment.coordinator().apply(_order(apply))
        work.say(outcome=result.outcome.value, code=result.code)
        _look_again(apply.account_id)
    return result


def carry_out_waiting(carry: Callable[[UUID], object], *, now: datetime, limit: int = 100) -> int:
    """The approvals that no worker took when they were made. How many."""
    waiting = Apply.objects.filter(
        state=ApplyState.APPROVED, created_at__lte=now - NOBODY_CAME_AFTER, expires_at__gt=now
    )
    ids = list(waiting.order_by("created_at").values_list("id", flat=True)[:limit])
    for apply_id in ids:
        carry(apply_id)
    return len(ids)


def _order(apply: Apply) -> Order:
    return Order(
        account_id=apply.account_id,
        digest=apply.digest,
        actor=apply.approved_by,
        reason=apply.reason,
        rights=_rights_now(apply),
        request_id=apply.request_id,
        proposal=apply.proposal or None,
        overrides_pause=apply.overrides_pause,
        undoes=apply.undoes_id,
        approved=apply.id,
    )


def _rights_now(apply: Apply) -> Rights:
    if apply.approved_by == AUTO:
        return Rights.ALL if may_still(apply, timezone.now()) else Rights.NONE
    return rights_of(groups_now(apply.approved_by))


def _look_again(account_id: str) -> None:
    """Now, and not when the turn of the mark comes that closing the apply has left; one in doubt has left none."""
    recompute_dirty(equipment.sweeper(), limit=1, account_ids=[account_id])
