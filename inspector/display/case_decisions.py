"""What people decided on cases, in words: what, who has to act, how it ended, and what the reader may do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from inspector.access import Permission, Person, may_decide
from inspector.display.audit import href_or_none
from inspector.display.deeds import actor_words
from inspector.display.moments import date_words, moment_words, span_words
from inspector.display.proposals import proposal_words
from inspector.display.words import FINDINGS, STORES, Tone, Word, word
from recon.queries.case_choices import OF_FACTS
from recon.queries.cases import DRIFT, CaseClosing, CaseKind, Decision

DIFFERENCE: Final = Word(DRIFT, "The stores differ from the truth", Tone.WARN)
SUBJECTS: Final = {**FINDINGS, DRIFT: DIFFERENCE}
KINDS: Final = {
    CaseKind.LINK: "Link a Stripe customer",
    CaseKind.UNLINK: "Unlink a Stripe customer",
    CaseKind.STORE_IS_RIGHT: "Which store is right",
    CaseKind.KEEP_SUBSCRIPTION: "Which subscription stays",
    CaseKind.HAND_OVER: "Handed over",
    CaseKind.ACCEPT: "Accepted",
}
_CLOSINGS: Final = {
    CaseClosing.GONE: Word("gone", "Settled: the stores no longer say it", Tone.GOOD),
    CaseClosing.CHANGED: Word("changed", "The case is another one now", Tone.WARN),
    CaseClosing.WORSE: Word("worse", "It became worse than what was accepted", Tone.BAD),
}


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision. `state` is how it stands or ended, `waits` how long its owner has it; `sentence` and `call` are to
    copy. `before` is what the stores said then, where they say something else now. `end` says whether the reader may
    end it, `end_label` on which button."""

    id: int
    account_id: str
    account_href: str
    name: Word
    text: str
    refs: tuple[str, ...]
    what: str
    owner: str
    state: Word
    waits: str
    by: str
    at: str
    reason: str
    reference: str
    sentence: str
    call: str
    call_name: str
    proposal: str
    proposal_href: str
    before: str
    ended: str
    is_acceptance: bool
    until: str
    end: Permission
    end_label: str


def decision_view(one: Decision, reader: Person, now: datetime, *, text: str | None = None) -> DecisionView:
    """`text` is what the stores say of it now."""
    is_grave = one.is_acceptance and one.covers_severe
    proposal = str(one.params.get("proposal", ""))
    account_href = href_or_none("account", one.account_id)
    return DecisionView(
        id=one.id,
        account_id=one.account_id,
        account_href=account_href,
        name=word(one.finding, SUBJECTS),
        text=one.text,
        refs=tuple(one.refs),
        what=what_words(one),
        owner=owner_words(one.owner) if one.owner else "",
        state=_state(one, now),
        waits=_waits(one, now),
        by=actor_words(one.decided_by),
        at=moment_words(one.at),
        reason=one.reason,
        reference=str(one.params.get("reference", "")),
        sentence=one.told.get("sentence", ""),
        call=one.told.get("call", ""),
        call_name="For Stripe's client" if one.owner == "stripe" else f"SQL for {one.owner}",
        proposal=proposal_words(proposal) if proposal else "",
        proposal_href=f"{account_href}#plan-name" if proposal else "",
        before=one.text if text is not None and text != one.text else "",
        ended=_ended(one),
        is_acceptance=one.is_acceptance,
        until=date_words(one.until) if one.until else "",
        end=may_decide(reader, is_of_facts=one.kind in OF_FACTS, is_grave=is_grave),
        end_label="End now" if one.is_acceptance else "Withdraw",
    )


def decision_views(some: Iterable[Decision], reader: Person, now: datetime) -> tuple[DecisionView, ...]:
    return tuple(decision_view(one, reader, now) for one in some)


def what_words(one: Decision) -> str:
    """The decision in a few words."""
    params = one.params
    match one.kind:
        case CaseKind.LINK:
            return f"{params['customer']} is {params['account']}'s"
        case CaseKind.UNLINK:
            return f"{params['customer']} is not {params['account']}'s"
        case CaseKind.STORE_IS_RIGHT:
            return "The ledger is right" if params["store"] == "billing_prod" else "Stripe is right"
        case CaseKind.KEEP_SUBSCRIPTION:
            return f"{params['subscription']} stays"
        case CaseKind.HAND_OVER:
            return f"Handed over to {owner_words(one.owner)}"
    return f"Accepted until {date_words(one.until)}"


def owner_words(store: str) -> str:
    """Who acts on it."""
    return "the ledger's owner (billing_prod)" if store == "billing_prod" else f"{STORES.get(store, store)}'s owner"


def _state(one: Decision, now: datetime) -> Word:
    if one.closed_at is not None:
        return _CLOSINGS.get(CaseClosing(one.closing)) or Word("closed", "Closed")
    if one.ended_at is not None:
        return Word("ended", "Its day came" if one.ended_at == one.until else "Ended")
    if one.until is not None:
        return Word("accepted", f"{span_words(one.until - now)} to go")
    return Word("waiting", "Waits for what the stores say", Tone.WARN)


def _waits(one: Decision, now: datetime) -> str:
    return span_words(now - one.at) if one.stands and not one.is_acceptance else ""


def _ended(one: Decision) -> str:
    if one.closed_at is not None:
        return f"by the evaluation of {moment_words(one.closed_at)} UTC"
    if one.ended_at is not None:
        return f"{moment_words(one.ended_at)} UTC by {actor_words(one.ended_by)}: {one.end_reason}"
    return ""
