"""The foot of the account page: the form that approves the plan, or why nothing can be approved here and now."""

from dataclasses import dataclass
from datetime import datetime

from inspector.access import Permission
from inspector.display.approval import ApprovalForm, Typed, approval_form
from inspector.display.moments import age_words
from inspector.display.proposals import ProposalCard, number_of, proposal_cards
from inspector.display.repair import Progress, progress
from inspector.display.words import CLASSES, RISKS, STORES, Word, word
from inspector.display.writes import stores_of
from recon.actors import name_of
from recon.queries.account import AccountView
from recon.queries.pauses import Pause
from recon.queries.repairs import Repair


@dataclass(frozen=True, slots=True)
class Ended:
    """The account's latest repair, when it is over."""

    id: str
    word: Word
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about an approval besides the plan: the reader's rights to the plan and to its proposals, whether
    they may override a pause, the classes that are only observed, until when, by whom and why the difference is
    accepted (empty: it is not), why what the plan writes to is only read (empty: it can be written), and the account's
    latest repair."""

    plan: Permission
    proposals: Permission
    pause: Pause | None
    may_override: bool
    observed: tuple[str, ...]
    accepted: str
    read_only: str
    last: Repair | None


@dataclass(frozen=True, slots=True)
class Foot:
    """One of `live` (a repair under way), `form` (which may be disabled, with the reason), or `nothing` (why there is
    nothing to approve). `proposals` stand in the plan, each with its own form."""

    account_id: str
    live: Progress | None
    form: ApprovalForm | None
    nothing: str
    what: str
    stores: str
    risk: Word | None
    last: Ended | None
    proposals: tuple[ProposalCard, ...]


def foot(view: AccountView, standing: Standing, *, typed: Typed, now: datetime) -> Foot:
    """The foot for one reader; `now` words the ages alone."""
    last = standing.last
    live = last if last is not None and last.is_live else None
    nothing = why_nothing(view)
    return Foot(
        account_id=view.account_id,
        live=progress(live, now) if live else None,
        form=None if nothing or live else _form(view, standing, typed, now),
        nothing=nothing,
        what=number_of(len(view.writes), "write"),
        stores=", ".join(stores_of(view.writes)),
        risk=RISKS.get(view.risk) if view.risk else None,
        last=_ended(last, now) if last and not live else None,
        proposals=proposal_cards(
            view, typed=typed, why_not=_why_not(standing, standing.proposals, now), override=_override(standing, now)
        ),
    )


def why_nothing(view: AccountView) -> str:
    """Why nobody can approve a plan of this account now; empty when somebody can."""
    if view.writes:
        return ""
    if not view.is_known:
        return f"Nothing can be approved. {_unknown_because(view)} Re-read to try again."
    if view.cells:
        return "Nothing can be approved: the plan is severe and withheld until it is settled whose customer this is."
    if view.proposals:
        return "Nothing to write: every derived value is the true one. What is proposed to Stripe stands in the plan."
    return "Nothing to approve: every derived value is the true one."


def _form(view: AccountView, standing: Standing, typed: Typed, now: datetime) -> ApprovalForm:
    return approval_form(
        view.account_id,
        view.digest,
        name="plan",
        button="Approve and apply",
        typed=typed,
        why_not=_why_not(standing, standing.plan, now),
        override=_override(standing, now),
        is_first=True,
    )


def _why_not(standing: Standing, permission: Permission, now: datetime) -> str:
    """Why this reader may not approve it; what stands in everybody's way comes first."""
    if standing.last is not None and standing.last.is_live:
        return "A repair of this account is under way: wait for its end."
    if standing.pause and not standing.may_override:
        return paused_words(standing.pause, now)
    if standing.observed:
        names = ", ".join(word(name, CLASSES).text for name in standing.observed)
        return f"{names}: this is only observed and not repaired, until an admin changes the policy."
    if standing.accepted:
        return f"The difference is accepted {standing.accepted}. End the acceptance first."
    if standing.read_only:
        return f"This plan cannot be written. {standing.read_only} Then have the stores checked on the page Status."
    return permission.why_not


def _override(standing: Standing, now: datetime) -> str:
    return paused_words(standing.pause, now) if standing.pause and standing.may_override else ""


def paused_words(pause: Pause, now: datetime) -> str:
    """Who paused all applies, when and why."""
    who = name_of(pause.set_by)
    return f"All applies are paused: {who} stopped them {age_words(pause.set_at, now)}, saying “{pause.reason}”."


def _unknown_because(view: AccountView) -> str:
    """The stores that are down; when all answered, what was not understood: in sentences."""
    down = [f"{STORES[name]} could not be read ({store.reason})" for name, store in view.stores.items() if not store.ok]
    return " ".join(f"{why.removesuffix('.')}." for why in down or view.reasons or ["The verdict is unknown"])


def _ended(repair: Repair, now: datetime) -> Ended:
    ended = progress(repair, now)
    who = name_of(repair.approved_by)
    return Ended(str(repair.id), ended.word, f"{age_words(repair.closed_at, now)}, approved by {who}")
