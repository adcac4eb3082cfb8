"""Approve a plan, by its digest: stored durably, then a worker is woken to carry it out.

The page that approved can be closed, the web can be restarted, the workers can be down: the approval stands until it is
carried out or runs out. What is approved is asked again of the live stores when it is carried out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from recon.actions.authority import Right, holds, rights_of
from recon.actions.barred import barred_now
from recon.actions.wake import wake
from recon.apply.claim import Approval, ClaimRefused, approved_by_request
from recon.apply.claim import approve as store_approval
from recon.apply.order import Order, Refusal, Standing, refusal_of, refused
from recon.apply.record import record
from recon.engine.plan import Risk
from recon.models import AccountState, Evaluation, Recompute
from recon.queries.read_only import places_of
from recon.under_way import under_way
from recon.words import reason_in

NEVER_EVALUATED = Refusal("unknown", "This account was never evaluated; look it up first.")


@dataclass(frozen=True, slots=True)
class Approved:
    """The approval's id, or why there is none: a word for programs and a sentence for people."""

    apply_id: UUID | None
    code: str = ""
    sentence: str = ""


def approve_plan(
    account_id: str,
    *,
    digest: str,
    actor: str,
    groups: Iterable[str],
    reason: str,
    request_key: str,
    request_id: str = "",
    proposal: str | None = None,
    overrides_pause: bool = False,
) -> Approved:
    """The same `request_key` of the same actor is the same approval, however often it comes.

    `proposal` is "verb:object" of one Stripe proposal of the plan. Raises ValueError without a reason. A refusal is in
    the audit; its code is one of stale, busy, forbidden, observed, accepted, read_only, paused, nothing, unknown,
    no_proposal. `overrides_pause` is an admin's emergency, and nobody else's.
    """
    said = reason_in(reason, "Say why: an apply without a reason is not recorded, so it is not made.")
    groups = frozenset(groups)
    may_override = overrides_pause and holds(groups, Right.GOVERN)
    order = Order(account_id, digest, actor, said, rights_of(groups), request_id, proposal, may_override)
    return approve_order(order, request_key=request_key)


def approve_order(order: Order, *, request_key: str) -> Approved:
    """The same for an order whose rights are known."""
    key = f"{order.actor} {order.account_id} {request_key}" if request_key else ""
    known = approved_by_request(key)
    if known is not None:
        return Approved(known)
    state = AccountState.objects.select_related("evaluation").filter(account_id=order.account_id).first()
    if state is None:
        return refuse(order, NEVER_EVALUATED, None)
    refusal = refusal_of(order, _standing(state.evaluation))
    if refusal is not None:
        return refuse(order, refusal, state.evaluation.digest)
    return keep_approval(order, _approval(order, state.evaluation), request_key=key)


def keep_approval(order: Order, approval: Approval, *, request_key: str) -> Approved:
    """Stored, and a worker woken; refused where the account is busy or all applies are paused."""
    with under_way("approve", account_id=order.account_id) as work:
        work.follow(lambda: _last_recompute(order.account_id))
        try:
            apply_id = store_approval(approval, request_key=request_key, now=timezone.now())
        except ClaimRefused as error:
            work.say(outcome=error.refusal.code)
            return refuse(order, error.refusal, approval.digest)
        work.say(outcome="approved", repair_id=str(apply_id), writes=len(approval.cells))
        wake("recon.carry_out", str(apply_id))
    return Approved(apply_id)


def _last_recompute(account_id: str) -> Iterable[str | None]:
    """What had found the plan, where it was found out of turn."""
    found = Recompute.objects.filter(account_id=account_id).order_by("-at")
    return found.values_list("traceparent", flat=True)[:1]


def refuse(order: Order, refusal: Refusal, digest_now: str | None) -> Approved:
    """That somebody tried is recorded."""
    entry, event = refused(order, refusal, digest_now=digest_now)
    record(entry, [event])
    return Approved(None, refusal.code, refusal.sentence)


def _standing(evaluation: Evaluation) -> Standing:
    return Standing(
        is_known=evaluation.is_known,
        reasons=evaluation.reasons,
        digest=evaluation.digest,
        is_severe=evaluation.risk == Risk.SEVERE,
        has_writes=bool(evaluation.writes),
        proposals=[f"{one['verb']}:{one['object']}" for one in evaluation.proposals],
        barred=barred_now(
            evaluation.account_id,
            evaluation.classes,
            places_of(evaluation.writes),
            has_cells=bool(evaluation.cells),
            now=timezone.now(),
        ),
    )


def _approval(order: Order, evaluation: Evaluation) -> Approval:
    return Approval(
        account_id=order.account_id,
        digest=order.digest,
        risk=evaluation.risk,
        proposal=order.proposal or "",
        actor=order.actor,
        reason=order.reason,
        request_id=order.request_id,
        cells=evaluation.writes,
        overrides_pause=order.overrides_pause,
    )
