"""Work through a queue: take the next account, release it, put it off; give a filter a name, forget it."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from inspector.access import groups_of, lookers_only, needs
from inspector.account import find_account, show_account
from inspector.actor import actor_of
from inspector.display.queue_filter import asked_queue
from inspector.display.work import TypedSnooze
from inspector.posted import text_of
from inspector.request_id import current_request_id
from recon.actions.authority import Right
from recon.actions.claim_account import claim_account
from recon.actions.claim_next import claim_next
from recon.actions.end_snooze import end_snooze
from recon.actions.forget_filter import forget_filter
from recon.actions.release_account import release_account
from recon.actions.save_filter import save_filter
from recon.actions.snooze_account import snooze_account
from recon.queries.queue_totals import kept_counts, sizes
from recon.words import LONGEST_REASON

FIELD_LENGTH = 200


@require_POST
@needs(Right.WORK)
def next_account(request: HttpRequest) -> HttpResponse:
    """To the account that is in hand now; where none is left, back to the queue, which says so."""
    now = timezone.now()
    asked = asked_queue(_query(request), person=actor_of(request), now=now)
    if asked.problems:
        return redirect(_queue_href(asked.query))
    claimed = claim_next(
        asked.wanted,
        sort=asked.sort,
        person=actor_of(request),
        groups=groups_of(request.user),
        now=now,
        query=asked.query,
        counts=sizes(kept_counts()),
        leaving=text_of(request, "leaving", FIELD_LENGTH),
    )
    if claimed.account_id:
        return redirect("account", claimed.account_id)
    messages.info(request, claimed.sentence)
    return redirect(_queue_href(asked.query))


@require_POST
@needs(Right.WORK)
def claim(request: HttpRequest, account_id: str) -> HttpResponse:
    view = find_account(account_id)
    claimed = claim_account(
        view.account_id, person=actor_of(request), groups=groups_of(request.user), now=timezone.now(), query=""
    )
    if claimed.code:
        messages.info(request, claimed.sentence)
    return redirect("account", view.account_id)


@require_POST
@needs(Right.WORK)
def release(request: HttpRequest, account_id: str) -> HttpResponse:
    view = find_account(account_id)
    release_account(view.account_id, person=actor_of(request), now=timezone.now())
    return redirect("account", view.account_id)


@require_POST
@needs(Right.WORK)
def snooze(request: HttpRequest, account_id: str) -> HttpResponse:
    """Back to the account; what was refused comes back with its words still in the form (422)."""
    view = find_account(account_id)
    typed = TypedSnooze(text_of(request, "day", FIELD_LENGTH), text_of(request, "reason", LONGEST_REASON + 1))
    day = _day(typed.day)
    if day is None:
        typed = TypedSnooze(typed.day, typed.reason, "Choose the day on which it comes back, as 2026-03-01.")
        return show_account(request, view, put_off=typed, status=422)
    snoozed = snooze_account(
        view.account_id,
        day,
        actor=actor_of(request),
        groups=groups_of(request.user),
        reason=typed.reason,
        now=timezone.now(),
        request_id=current_request_id(),
    )
    if snoozed.until is None:
        return show_account(request, view, put_off=TypedSnooze(typed.day, typed.reason, snoozed.sentence), status=422)
    return redirect("account", view.account_id)


@require_POST
@needs(Right.WORK)
def wake(request: HttpRequest, account_id: str) -> HttpResponse:
    view = find_account(account_id)
    end_snooze(
        view.account_id,
        actor=actor_of(request),
        groups=groups_of(request.user),
        now=timezone.now(),
        request_id=current_request_id(),
    )
    return redirect("account", view.account_id)


@require_POST
@lookers_only
def save(request: HttpRequest) -> HttpResponse:
    """Only what a queue can be asked for is kept."""
    asked = asked_queue(_query(request), person=actor_of(request), now=timezone.now())
    if not asked.problems:
        saved = save_filter(request.POST.get("name", ""), asked.query, person=actor_of(request), now=timezone.now())
        if not saved.done:
            messages.info(request, saved.sentence)
    return redirect(_queue_href(asked.query))


@require_POST
@lookers_only
def forget(request: HttpRequest, number: int) -> HttpResponse:
    if number < 2**63:
        forget_filter(number, person=actor_of(request))
    return redirect(_queue_href(asked_queue(_query(request), person=actor_of(request), now=timezone.now()).query))


def _query(request: HttpRequest) -> QueryDict:
    """The queue that the form was sent from, as the URL held it."""
    return QueryDict(request.POST.get("queue", "")[:2_000])


def _queue_href(query: str) -> str:
    return f"{reverse('accounts')}?{query}" if query else reverse("accounts")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
