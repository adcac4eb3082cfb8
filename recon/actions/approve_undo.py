"""Approve the undo of a repair: its inverse, by the inverse's own digest, as a plan like any other.

It is stored, carried out, and refused where the world moved, by what does so for every plan. An undo is not undone: the
account's plan, made from what is true now, is the way back.
"""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from recon.actions.approve import Approved, keep_approval, refuse
from recon.actions.authority import Right, holds, rights_of
from recon.apply.changes import cells_of
from recon.apply.claim import Approval, approved_by_request
from recon.apply.order import Barred, Order, Refusal, Standing, refusal_of
from recon.engine.plan import Plan, Risk
from recon.queries.read_only import places_of, read_only_places, why_read_only
from recon.queries.undo import NoUndo, Undo, undo_of
from recon.words import reason_in

NO_REPAIR: Final = Refusal("no_repair", "There is no such repair.")
WHY_NOT: Final[Mapping[NoUndo, str]] = {
    NoUndo.NOT_APPLIED: "Only a repair that was applied in full can be undone.",
    NoUndo.IS_AN_UNDO: "An undo is not undone: approve the account's plan, which is made from what is true now.",
    NoUndo.IRREVERSIBLE: "It wrote no stored value, and what Stripe did cannot be taken back.",
    NoUndo.UNDONE: "This repair is undone already, or its undo is under way.",
    NoUndo.NOT_READ_BACK: "The account has not been read since the repair: look at it again first.",
    NoUndo.UNKNOWN: "The verdict is unknown, so nothing may be written.",
    NoUndo.WITHHELD: "The undo is severe, and withheld until it is settled whose customer this is.",
    NoUndo.NOTHING: "No cell holds what the repair wrote: there is nothing to put back.",
}


def approve_undo(
    repair_id: UUID,
    *,
    digest: str,
    actor: str,
    groups: Iterable[str],
    reason: str,
    request_key: str,
    request_id: str = "",
    overrides_pause: bool = False,
) -> Approved:
    """The same `request_key` of the same actor is the same approval, however often it comes.

    Raises ValueError without a reason. A refusal is in the audit; its code is one of stale, busy, forbidden,
    read_only, paused, or a word of NoUndo. `overrides_pause` is an admin's emergency, and nobody else's.
    """
    said = reason_in(reason, "Say why: an undo without a reason is not recorded, so it is not made.")
    undo = undo_of(repair_id)
    if undo is None:
        return Approved(None, NO_REPAIR.code, NO_REPAIR.sentence)
    groups = frozenset(groups)
    order = Order(
        account_id=undo.account_id,
        digest=digest,
        actor=actor,
        reason=said,
        rights=rights_of(groups),
        request_id=request_id,
        overrides_pause=overrides_pause and holds(groups, Right.GOVERN),
        request_key=f"{actor} {undo.account_id} undo:{repair_id} {request_key}" if request_key else "",
        undoes=repair_id,
    )
    known = approved_by_request(order.request_key)  # the repair is undone by it, which is no refusal
    return _approve(order, undo) if known is None else Approved(known)


def _approve(order: Order, undo: Undo) -> Approved:
    refusal = _refusal_of(order, undo)
    plan = undo.inverse.plan if undo.inverse else None
    if refusal is not None or plan is None:
        return refuse(order, refusal or NO_REPAIR, plan.digest if plan else None)
    return keep_approval(order, _approval(order, plan), request_key=order.request_key)


def _refusal_of(order: Order, undo: Undo) -> Refusal | None:
    """An inverse that has shrunk to nothing since it was looked at is told as that."""
    if undo.why_none is not None:
        return Refusal(undo.why_none.value, " ".join((WHY_NOT[undo.why_none], *undo.reasons)))
    return refusal_of(order, _standing(undo.inverse.plan)) if undo.inverse else None


def _standing(plan: Plan) -> Standing:
    return Standing(
        is_known=True,
        reasons=(),
        digest=plan.digest,
        is_severe=plan.risk is Risk.SEVERE,
        has_writes=bool(plan.writes),
        proposals=(),
        barred=Barred(read_only=why_read_only(places_of(cells_of(plan.writes)), read_only_places())),
    )


def _approval(order: Order, plan: Plan) -> Approval:
    return Approval(
        account_id=order.account_id,
        digest=order.digest,
        risk=plan.risk.value if plan.risk else None,
        proposal="",
        actor=order.actor,
        reason=order.reason,
        request_id=order.request_id,
        cells=cells_of(plan.writes),
        overrides_pause=order.overrides_pause,
        undoes=order.undoes,
    )
