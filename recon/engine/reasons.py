"""Why each field of the truth is what it is: one sentence a field, with the rule and the rows it rests on."""

from collections.abc import Mapping

from recon.engine.assessment import Assessment, Judgement
from recon.engine.enums import AccountStatus, BlockLevel, DebtState
from recon.engine.money import shown
from recon.engine.rules.ladder import Rung
from recon.engine.truth import Reason


def because(assessment: Assessment, judgement: Judgement) -> Mapping[str, Reason]:
    """Field of the truth → its reason, in the order of the fields."""
    state = _state(judgement)
    truth = judgement.truth
    projected = Reason("T15", f"The state is {truth.state.replace('_', ' ')}.", state.evidence)
    blocked = _blocks(assessment, judgement, projected)
    access = Reason("T13", judgement.access.text, judgement.access.evidence or state.evidence)
    plan = Reason("T12", judgement.plan.text, judgement.plan.evidence)
    return {
        "state": state,
        "raw_state": _raw_state(judgement),
        "has_debt": projected,
        "is_bad_debt": projected,
        "oldest_due_at": _oldest(judgement),
        "balances": _balances(assessment),
        "payment_status": _payment_status(assessment, judgement, projected),
        "plan_code": plan,
        "plan_active": access,
        "effective_plan": plan
        if truth.plan_active
        else Reason("T13", f"The plan is off: {access.text}", access.evidence),
        "restricted": blocked,
        "suspended": blocked,
        "billing_block": projected,
        "delinquent": projected,
        "has_no_successful_payment": _paid(assessment),
        "has_payment_method": _chargeable(assessment),
        "primary_subscription_id": _primary(assessment),
    }


def _raw_state(judgement: Judgement) -> Reason:
    climbed = judgement.ladder
    if climbed.rungs:
        worst = climbed.rungs[0]
        return Reason("T8", _rung(worst, ended=climbed.ended), worst.balance.refs)
    if climbed.raw_state is DebtState.WRITTEN_OFF:
        return Reason("T9", "A write-off was never recovered.", ())
    return Reason("T8", "No invoice is overdue by more than dust.", ())


def _rung(rung: Rung, *, ended: bool) -> str:
    owed = shown(rung.balance.collectible_minor, rung.balance.currency)
    days = "1 day" if rung.days_past_due == 1 else f"{rung.days_past_due} days"
    limits = [
        text
        for holds, text in (
            (rung.balance.one_witness, "one store alone says so"),
            (rung.balance.disputed, "a payment of it was reversed or disputed"),
            (ended, "the account has ended"),
        )
        if holds
    ]
    aside = f" ({'; '.join(limits)})" if limits else ""
    return f"{owed} is {days} past due: {rung.state.replace('_', ' ')}{aside}."


def _state(judgement: Judgement) -> Reason:
    raw = _raw_state(judgement)
    if judgement.truth.state is judgement.truth.raw_state:
        return Reason("T10", raw.text, raw.evidence)
    caps = [text for text, _ in judgement.ladder.caps]
    lowered = f"Held at {judgement.truth.state.replace('_', ' ')}: {', '.join(caps)}."
    return Reason("T10", f"{raw.text} {lowered}", raw.evidence)


def _oldest(judgement: Judgement) -> Reason:
    oldest = judgement.truth.oldest_due_at
    if oldest is None:
        return Reason("T6", "No invoice is on the ladder.", ())
    refs = [ref for rung in judgement.ladder.rungs if rung.balance.due_at == oldest for ref in rung.balance.refs]
    return Reason("T6", "The earliest due date of the invoices on the ladder.", tuple(refs))


def _balances(assessment: Assessment) -> Reason:
    open_invoices = [one for one in assessment.balances if one.collectible_minor or one.written_off_minor]
    if not open_invoices:
        return Reason("T5", "Nothing is owed and nothing was written off.", ())
    refs = tuple(ref for one in open_invoices for ref in one.refs)
    parts = [shown(one.collectible_minor, one.currency) for one in open_invoices if one.collectible_minor]
    parts += [
        f"{shown(one.written_off_minor, one.currency)} written off" for one in open_invoices if one.written_off_minor
    ]
    return Reason("T5", f"What both witnesses leave of each invoice: {', '.join(parts)}.", refs)


def _payment_status(assessment: Assessment, judgement: Judgement, projected: Reason) -> Reason:
    if judgement.truth.state is not DebtState.CLEAR:
        return projected
    if assessment.account.status is AccountStatus.CLOSED:
        return Reason("T15", "The account is closed and owes nothing.", (_account(assessment),))
    primary = assessment.subscriptions.primary
    if primary is None:
        return Reason("T15", "Nothing is owed, and there is no subscription.", ())
    text = f"Nothing is owed, and the primary subscription is {primary.status}."
    return Reason("T15", text, (f"stripe.subscriptions[{primary.id}]",))


def _blocks(assessment: Assessment, judgement: Judgement, projected: Reason) -> Reason:
    others = [
        (one.reason, one.level, f"cf_prod.blocks[{one.account_id},{one.reason}]") for one in assessment.facts.blocks
    ]
    if not others:
        return projected
    words = ", ".join(f"{reason} {_LEVELS[level]}" for reason, level, _ in others)
    return Reason("T15", f"{projected.text} Other blocks: {words}.", tuple(place for _, _, place in others))


_LEVELS = {BlockLevel.RESTRICT: "restricts", BlockLevel.SUSPEND: "suspends"}


def _paid(assessment: Assessment) -> Reason:
    if assessment.paid_by is None:
        return Reason("T14", "No payment was ever settled and kept.", ())
    return Reason("T14", "A payment was settled and kept.", (assessment.paid_by,))


def _chargeable(assessment: Assessment) -> Reason:
    if assessment.chargeable_by is None:
        return Reason("T14", "Stripe holds no default payment method.", ())
    return Reason("T14", "Stripe holds a default payment method.", (assessment.chargeable_by,))


def _primary(assessment: Assessment) -> Reason:
    primary = assessment.subscriptions.primary
    if primary is None:
        return Reason("T11", "No linked Stripe customer has a subscription that counts.", ())
    text = f"The first of the linked customers' subscriptions: {primary.status}."
    return Reason("T11", text, (f"stripe.subscriptions[{primary.id}]",))


def _account(assessment: Assessment) -> str:
    return f"subs_account.accounts[{assessment.facts.account_id}]"
