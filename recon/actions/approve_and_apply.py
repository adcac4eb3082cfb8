"""Approve one plan, by its digest, and apply it: all of it or nothing, with the audit either way.

Whether the approver may is asked when the plan is known, here and nowhere else; `authority` says what groups allow.
"""

from collections.abc import Iterable

from recon.actions import apply_equipment
from recon.actions.authority import rights_of
from recon.apply.coordinator import Result
from recon.apply.order import Order
from recon.words import reason_in


def approve_and_apply(
    account_id: str,
    *,
    digest: str,
    actor: str,
    reason: str,
    groups: Iterable[str],
    request_id: str = "",
    proposal: str | None = None,
) -> Result:
    """`groups` are the approver's; `proposal` is "verb:object" of one Stripe proposal of the plan. Raises ValueError
    without a reason."""
    said = reason_in(reason, "Say why: an apply without a reason is not recorded, so it is not made.")
    order = Order(
        account_id=account_id,
        digest=digest,
        actor=actor,
        reason=said,
        rights=rights_of(groups),
        request_id=request_id,
        proposal=proposal,
    )
    return apply_equipment.coordinator().apply(order)
