"""What failed: accounts that cannot be evaluated, events without an account, odd events; replayed or ignored here."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inspector.access import lookers_only, may_ignore, may_replay, needs
from inspector.display.failed import Rights, Typed, failed_page
from inspector.display.failed_filter import Asked, Of, asked_for
from inspector.rendering import render_page
from inspector.settling import settle
from recon.actions.authority import Right
from recon.actions.settle_ticked import MOST, Deed, Ticked, TickedAccount
from recon.queries.failed import (
    FailedAccount,
    OddEvent,
    StrayEvent,
    count_failed,
    failed_accounts,
    odd_events,
    stray_events,
)
from recon.words import storable

PAGE = 50


@require_safe
@lookers_only
def failed(request: HttpRequest) -> HttpResponse:
    return _show(request, Typed())


@require_POST
@needs(Right.REPLAY)
def replay(request: HttpRequest) -> HttpResponse:
    return _settle(request, Deed.REPLAY)


@require_POST
@needs(Right.IGNORE)
def ignore(request: HttpRequest) -> HttpResponse:
    return _settle(request, Deed.IGNORE)


def ticked_in(request: HttpRequest) -> Ticked:
    """What a form ticked; what is no number of ours is nothing."""
    return Ticked(
        accounts=list(_accounts(request.POST.getlist("account")[: MOST + 1])),
        events=_numbers(request.POST.getlist("event")),
        findings=_numbers(request.POST.getlist("finding")),
    )


def _settle(request: HttpRequest, deed: Deed) -> HttpResponse:
    """Back to the list that it was asked from; without a reason, or with nothing ticked, it says so (422)."""
    refused = settle(request, ticked_in(request), deed)
    if refused:
        return _show(request, refused, status=422)
    query = request.GET.urlencode()
    return redirect(f"{reverse('failed')}{'?' if query else ''}{query}")


def _show(request: HttpRequest, typed: Typed, *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    counts = count_failed(now=now)
    asked = asked_for(request.GET, counts)
    page = failed_page(
        asked,
        counts,
        _lines(asked, now),
        rights=Rights(may_replay(request.user), may_ignore(request.user)),
        typed=typed,
        size=PAGE,
        now=now,
    )
    return render_page(request, "failed", {"page": page}, status=status)


def _lines(asked: Asked, now: datetime) -> list[FailedAccount] | list[StrayEvent] | list[OddEvent]:
    if asked.of is Of.ACCOUNTS:
        return failed_accounts(asked.wanted, now=now, after=asked.after, limit=PAGE + 1)
    if asked.of is Of.EVENTS:
        return stray_events(asked.wanted, now=now, below=asked.below, limit=PAGE + 1)
    return odd_events(asked.wanted, below=asked.below, limit=PAGE + 1)


def _accounts(texts: Iterable[str]) -> Iterator[TickedAccount]:
    """Each as `generation:account`."""
    for text in texts:
        seen, _, account_id = storable(text).partition(":")
        yield from (TickedAccount(account_id, number) for number in _numbers([seen]))


def _numbers(texts: Iterable[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19][: MOST + 1]
