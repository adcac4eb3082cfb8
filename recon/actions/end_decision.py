"""End a decision before the stores close it: an acceptance that is over, or what was handed over by mistake."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from recon.actions.authority import holds, right_to_decide
from recon.actions.close_decisions import ENDED, told_of
from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.apply.record import Entry, record
from recon.apply.tell import Event
from recon.models import STANDS, CaseDecision, CaseKind, EventKind
from recon.queries.case_choices import OF_FACTS
from recon.words import LONGEST_REASON, storable

_GONE: Final = "It has ended already."


@dataclass(frozen=True, slots=True)
class EndedDecision:
    """Whose it was, or why it stands: a word for programs and a sentence for people."""

    account_id: str = ""
    code: str = ""
    sentence: str = ""


def end_decision(
    decision_id: int, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> EndedDecision:
    """Whoever may make such a decision may end it, another's too. What was accepted is looked at again at once. Codes:
    empty, too_long, gone, forbidden."""
    said = storable(reason)
    decision = CaseDecision.objects.filter(id=decision_id).first()
    if decision is None:
        return EndedDecision(code="gone", sentence=_GONE)
    account = decision.account_id
    if not said:
        return EndedDecision(account, "empty", "Say why it ends: whoever decided it will ask.")
    if len(said) > LONGEST_REASON:
        return EndedDecision(account, "too_long", f"A reason has at most {LONGEST_REASON} characters.")
    if decision.ended_at is not None or decision.closed_at is not None:
        return EndedDecision(account, "gone", _GONE)
    refused = _forbidden(decision, groups)
    entry = _entry(decision, actor, said, request_id, refused)
    if refused is not None:
        record(entry)
        return refused
    with transaction.atomic():
        # The mark before the decision, as an evaluation takes them: two that wait for each other would both fail.
        mark_dirty([account], now, cause=Cause(CauseKind.PERSON, actor))
        standing = CaseDecision.objects.filter(STANDS, id=decision_id)
        if not standing.update(ended_at=now, ended_by=actor, end_reason=said):
            return EndedDecision(account, "gone", _GONE)
        record(entry, [Event(EventKind.CASE_DECIDED, account, told_of(decision), ENDED, actor)])
    return EndedDecision(account)


def _forbidden(decision: CaseDecision, groups: Iterable[str]) -> EndedDecision | None:
    is_grave = decision.kind == CaseKind.ACCEPT and decision.covers_severe
    if holds(groups, right_to_decide(is_of_facts=decision.kind in OF_FACTS, is_grave=is_grave)):
        return None
    sentence = "Who may not decide this may not end it either: ask finance."
    return EndedDecision(decision.account_id, "forbidden", sentence)


def _entry(decision: CaseDecision, actor: str, reason: str, request_id: str, refused: EndedDecision | None) -> Entry:
    return Entry(
        actor=actor,
        action="case.refused" if refused else "case.ended",
        reason=reason,
        account=decision.account_id,
        before=told_of(decision),
        after={"code": refused.code, "why": refused.sentence} if refused else ENDED,
        request_id=request_id,
    )
