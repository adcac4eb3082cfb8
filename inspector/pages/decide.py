"""Decide on a case of an account, and end what was decided: forms that answer with the account's page."""

from datetime import date
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from inspector.access import groups_of, needs
from inspector.account import find_account, show_account
from inspector.actor import actor_of
from inspector.display.cases import REASON_LENGTH, TypedCase
from inspector.posted import text_of
from inspector.request_id import current_request_id
from recon.actions.authority import Right
from recon.actions.decide_case import CaseAsked, decide_case
from recon.actions.end_decision import end_decision

LONGEST = 400
STALE = {"changed": 409, "unknown": 409}


@require_POST
@needs(Right.DECIDE)
def decide(request: HttpRequest, account_id: str) -> HttpResponse:
    """To the account's cases when it is decided; else the account as it is now, with the words still in the form: 422
    when the form is not right, 409 when the case is another one by now."""
    view, typed = find_account(account_id), _typed(request)
    decided = decide_case(
        view.account_id,
        _asked(typed),
        actor=actor_of(request),
        groups=groups_of(request.user),
        now=timezone.now(),
        request_key=text_of(request, "request_key", 64) or str(uuid4()),
        request_id=current_request_id(),
    )
    if decided.code == "forbidden":
        raise PermissionDenied(decided.sentence)
    if decided.decision_id is not None:
        return redirect(f"{reverse('account', args=[view.account_id])}#cases")
    told = TypedCase(
        typed.finding,
        typed.seal,
        typed.choice,
        typed.owner,
        typed.reference,
        typed.until,
        typed.reason,
        decided.sentence,
    )
    return show_account(request, find_account(account_id), decided=told, status=STALE.get(decided.code, 422))


@require_POST
@needs(Right.DECIDE)
def end(request: HttpRequest, number: int) -> HttpResponse:
    """Back to the account, or to the list where nobody knows whose it was."""
    ended = end_decision(
        min(number, 2**63 - 1),
        actor=actor_of(request),
        groups=groups_of(request.user),
        reason=text_of(request, "reason", REASON_LENGTH + 1),
        now=timezone.now(),
        request_id=current_request_id(),
    )
    if ended.code == "forbidden":
        raise PermissionDenied(ended.sentence)
    if ended.code:
        messages.info(request, ended.sentence)
    return redirect(f"{reverse('account', args=[ended.account_id])}#cases" if ended.account_id else reverse("cases"))


def _typed(request: HttpRequest) -> TypedCase:
    return TypedCase(
        finding=text_of(request, "finding", LONGEST),
        seal=text_of(request, "seal", LONGEST),
        choice=text_of(request, "choice", LONGEST),
        owner=text_of(request, "owner", LONGEST),
        reference=text_of(request, "reference", LONGEST),
        until=text_of(request, "until", LONGEST),
        reason=text_of(request, "reason", REASON_LENGTH + 1),
    )


def _asked(typed: TypedCase) -> CaseAsked:
    return CaseAsked(
        finding=typed.finding,
        seal=typed.seal,
        choice=typed.choice,
        reason=typed.reason,
        owner=typed.owner,
        reference=typed.reference,
        until=_day(typed.until),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
