"""Decide what a machine may not decide: one choice on one finding, or on the difference itself, with a reason.

Nothing is written to a store. The decision says what the owner of a store has to do, or until when the difference is
accepted; what the stores then say closes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db import transaction

from recon.actions.authority import holds, right_to_decide
from recon.actions.close_decisions import told_of
from recon.apply.record import Entry, record
from recon.apply.tell import Event
from recon.engine.enums import StoreName
from recon.models import STANDS, AccountState, CaseDecision, CaseKind, EventKind, WorkClaim
from recon.queries.account import account_view
from recon.queries.case_choices import Choice, choices_of, handed_over
from recon.queries.case_subjects import Subject, is_grave, subjects_of
from recon.queries.facts import account_facts
from recon.words import LONGEST_REASON, storable

LONGEST_REFERENCE: Final = 100
LONGEST_ACCEPTANCE: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class CaseAsked:
    """What a form says: `finding` and the `seal` of what was looked at, the `choice` by its code, and what that choice
    needs: the `owner` (a store) and a `reference` to hand over, the day before which a difference is let be."""

    finding: str
    seal: str
    choice: str
    reason: str
    owner: str = ""
    reference: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision's number, or why there is none: a word for programs and a sentence for people."""

    decision_id: int | None
    code: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    """What is decided on, as the stores were last read."""

    account_id: str
    subject: Subject
    choice: Choice
    is_grave: bool


def decide_case(
    account_id: str,
    asked: CaseAsked,
    *,
    actor: str,
    groups: Iterable[str],
    now: datetime,
    request_key: str = "",
    request_id: str = "",
) -> Decided:
    """The same `request_key` of the same actor is the same decision. It takes the place of an earlier one on the same
    finding; an acceptance and another decision stand beside each other. Codes: empty, too_long, past, too_far, no_day,
    no_owner, unknown, changed, no_choice, forbidden; those after no_owner leave an entry in the audit."""
    problem = _problem(asked, now)
    if problem is not None:
        return problem
    groups, key = frozenset(groups), f"{actor} {account_id} {request_key}" if request_key else ""
    with transaction.atomic():
        state = AccountState.objects.select_for_update(no_key=True).filter(account_id=account_id).first()
        known = CaseDecision.objects.filter(request_key=key).first() if key else None
        if known is not None:
            return Decided(known.id)
        found = _case(account_id, state, asked) if state is not None else _NO_ACCOUNT
        if isinstance(found, _Case):
            refused = _forbidden(found, groups)
            if refused is None:
                decision = _decision(found, asked, actor, now, key)
                return Decided(_keep(decision, request_id))
            found = refused
        _record_refusal(account_id, asked, found, actor, request_id)
        return found


_NO_ACCOUNT: Final = Decided(None, "unknown", "There is no such account.")


def _problem(asked: CaseAsked, now: datetime) -> Decided | None:
    """What is wrong with the form, whatever the account says."""
    if not storable(asked.reason):
        return Decided(None, "empty", "Say why: whoever has to act on it will ask.")
    if len(asked.reason) > LONGEST_REASON:
        return Decided(None, "too_long", f"A reason has at most {LONGEST_REASON} characters.")
    if len(asked.reference) > LONGEST_REFERENCE:
        return Decided(None, "too_long", f"A reference has at most {LONGEST_REFERENCE} characters.")
    if asked.choice == CaseKind.HAND_OVER and asked.owner not in set(StoreName):
        return Decided(None, "no_owner", "Choose the store whose owner has to look.")
    return _problem_of_day(asked.until, now) if asked.choice == CaseKind.ACCEPT else None


def _problem_of_day(day: date | None, now: datetime) -> Decided | None:
    if day is None:
        return Decided(None, "no_day", "Choose the day on which it comes back, as 2026-03-01.")
    until = _moment(day)
    if until <= now:
        return Decided(None, "past", "Choose a day after today (UTC): it comes back when that day begins.")
    if until > now + LONGEST_ACCEPTANCE:
        return Decided(None, "too_far", "Nothing is accepted for more than a year.")
    return None


def _case(account_id: str, state: AccountState, asked: CaseAsked) -> _Case | Decided:
    """The finding that was looked at and the choice, where both are there still."""
    view = account_view(account_id)
    if view is None:
        return _NO_ACCOUNT
    subjects = subjects_of(view.findings, view.cells)
    subject = next((one for one in subjects if (one.finding, one.seal) == (asked.finding, asked.seal)), None)
    if subject is None:
        return Decided(None, "changed", _true_now(asked.finding, subjects))
    choices = choices_of(view, account_facts(view, whole=True), subject)
    choice = next((one for one in choices if one.code == asked.choice), None)
    if choice is None:
        return Decided(None, "no_choice", "Choose one of what is offered: nothing was decided.")
    return _Case(account_id, subject, choice, is_grave(state.risk, state.details))


def _true_now(finding: str, subjects: Iterable[Subject]) -> str:
    texts = [one.text for one in subjects if one.finding == finding]
    if not texts:
        return "It is settled: the stores no longer say it. Nothing was decided."
    return f"It is another one now, so nothing was decided. The stores say: {' '.join(texts)}"


def _forbidden(case: _Case, groups: frozenset[str]) -> Decided | None:
    is_grave_acceptance = case.choice.kind is CaseKind.ACCEPT and case.is_grave
    if holds(groups, right_to_decide(is_of_facts=case.choice.is_of_facts, is_grave=is_grave_acceptance)):
        return None
    what = "To let a severe difference be, or a payer locked out," if is_grave_acceptance else "To decide this"
    return Decided(None, "forbidden", f"{what} asks for more rights than yours: hand it over, or ask finance.")


def _decision(case: _Case, asked: CaseAsked, actor: str, now: datetime, key: str) -> CaseDecision:
    choice, subject = case.choice, case.subject
    reference = storable(asked.reference)
    is_hand_over = choice.kind is CaseKind.HAND_OVER
    told = handed_over(case.account_id, subject, reference) if is_hand_over else choice.told
    params = dict(choice.params) | ({"proposal": choice.proposal} if choice.proposal else {})
    return CaseDecision(
        account_id=case.account_id,
        finding=subject.finding,
        text=subject.text,
        refs=list(subject.refs),
        refs_hash=subject.refs_hash,
        kind=choice.kind,
        params=params | ({"reference": reference} if reference else {}),
        owner=asked.owner if is_hand_over else choice.owner,
        hand_over={"sentence": told.sentence, "call": told.call} if told.sentence else {},
        covers_severe=case.is_grave,
        until=_moment(asked.until) if choice.kind is CaseKind.ACCEPT and asked.until else None,
        reason=storable(asked.reason),
        decided_by=actor,
        at=now,
        request_key=key,
    )


def _keep(decision: CaseDecision, request_id: str) -> int:
    """In the place of an earlier one, which ends; what is accepted leaves its decider's hand."""
    before = _replaced(decision)
    decision.save(force_insert=True)
    if decision.kind == CaseKind.ACCEPT:
        WorkClaim.objects.filter(account_id=decision.account_id, person=decision.decided_by).delete()
    told = told_of(decision)
    entry = Entry(
        actor=decision.decided_by,
        action="case.decided",
        reason=decision.reason,
        account=decision.account_id,
        before=before,
        after=told,
        request_id=request_id,
    )
    record(entry, [Event(EventKind.CASE_DECIDED, decision.account_id, before, told, decision.decided_by)])
    return int(decision.id)


def _replaced(decision: CaseDecision) -> dict[str, object] | None:
    standing = CaseDecision.objects.filter(STANDS, account_id=decision.account_id, refs_hash=decision.refs_hash)
    is_acceptance = decision.kind == CaseKind.ACCEPT
    old = standing.filter(kind=CaseKind.ACCEPT) if is_acceptance else standing.exclude(kind=CaseKind.ACCEPT)
    before = old.order_by("-id").first()
    if before is None:
        return None
    told = told_of(before)
    old.update(ended_at=decision.at, ended_by=decision.decided_by, end_reason="Decided anew.")
    return told


def _record_refusal(account_id: str, asked: CaseAsked, refused: Decided, actor: str, request_id: str) -> None:
    record(
        Entry(
            actor=actor,
            action="case.refused",
            reason=storable(asked.reason),
            account=account_id,
            before={"finding": asked.finding, "choice": asked.choice},
            after={"code": refused.code, "why": refused.sentence},
            request_id=request_id,
        )
    )


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
