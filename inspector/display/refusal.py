"""Why an approval was not taken: what was approved, what is true now, and the form again with the reason kept."""

from dataclasses import dataclass
from datetime import datetime

from inspector.access import Permission
from inspector.display.approval import ApprovalForm, Typed, approval_form
from inspector.display.comparison import Comparison, comparison
from inspector.display.foot import paused_words, why_nothing
from inspector.display.moments import age_words, clock_words
from inspector.display.proposals import id_to_type, proposal_words
from inspector.display.repair import Progress, progress
from recon.queries.account import AccountView
from recon.queries.pauses import Pause
from recon.queries.plans import PlanSeen
from recon.queries.repairs import Repair

_TITLES = {
    "stale": "The world moved: nothing was applied",
    "busy": "Another repair of this account is under way",
    "paused": "All applies are paused: nothing was applied",
    "accepted": "The difference is accepted: nothing was applied",
    "read_only": "What the plan writes to is only read: nothing was applied",
    "nothing": "There is nothing to apply any more",
    "no_proposal": "This is not proposed to Stripe any more",
    "unknown": "Not everything could be read: nothing was applied",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """`sentence` says what happened, `now` how the account stands; `reason` was typed, and no form keeps it."""

    account_id: str
    title: str
    sentence: str
    now: str
    live: Progress | None
    comparison: Comparison | None
    form: ApprovalForm | None
    reason: str


def refused(
    view: AccountView,
    code: str,
    sentence: str,
    *,
    typed: Typed,
    seen: PlanSeen | None,
    permission: Permission,
    pause: Pause | None,
    may_override: bool,
    live: Repair | None,
    now: datetime,
) -> Refused:
    """The answer to an approval with this refusal; `seen` is the plan that was approved, None when nobody knows it."""
    override = paused_words(pause, now) if pause and may_override else ""
    form = again(view, typed, permission, override=override) if live is None else None
    return Refused(
        account_id=view.account_id,
        title=_TITLES.get(code, "Nothing was applied"),
        sentence=_sentence(code, sentence, seen, pause, now),
        now=_now(view, now),
        live=progress(live, now) if live else None,
        comparison=comparison(seen.writes, view) if code == "stale" and seen and view.is_known else None,
        form=form,
        reason="" if form else typed.reason,
    )


def again(view: AccountView, typed: Typed, permission: Permission, *, override: str = "") -> ApprovalForm | None:
    """The form for the plan as it is now, with the reason kept; None when there is nothing to approve."""
    proposed = {f"{one['verb']}:{one['object']}" for one in view.proposals}
    if not view.is_known or (typed.proposal and typed.proposal not in proposed):
        return None
    if not typed.proposal and not view.writes:
        return None
    return approval_form(
        view.account_id,
        view.digest,
        name="again",
        button=proposal_words(typed.proposal) if typed.proposal else "Approve and apply the new plan",
        typed=typed,
        why_not=permission.why_not,
        override=override,
        proposal=typed.proposal,
        asks_for=id_to_type(typed.proposal),
        is_first=True,
    )


def _sentence(code: str, sentence: str, seen: PlanSeen | None, pause: Pause | None, now: datetime) -> str:
    if code == "paused" and pause:
        return f"{paused_words(pause, now)} Your reason is kept: send it again when they go on."
    if code != "stale":
        return sentence
    if seen is None:
        return "No evaluation of this account ever had the plan that the form named. Here is the plan as it is now."
    return f"You approved the plan of {age_words(seen.at, now)}. The stores have said something else since."


def _now(view: AccountView, now: datetime) -> str:
    return why_nothing(view) or f"The plan as of {clock_words(view.evaluated_at, now)} UTC:"
