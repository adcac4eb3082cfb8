"""One event that was received; replayed or ignored here. Its body is shown to whom it may be."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inspector.access import lookers_only, may_ignore, may_replay, may_see_bodies, needs
from inspector.display.event import event_page
from inspector.display.failed import Rights, Typed
from inspector.look_log import log_look
from inspector.rendering import render_page
from inspector.settling import settle
from recon.actions.authority import Right
from recon.actions.settle_ticked import Deed, Ticked
from recon.queries.received import ReceivedEvent, received_event


@require_safe
@lookers_only
def event(request: HttpRequest, number: int) -> HttpResponse:
    return _show(request, _find(number), Typed())


@require_POST
@needs(Right.REPLAY)
def replay_one(request: HttpRequest, number: int) -> HttpResponse:
    return _settle(request, number, Deed.REPLAY)


@require_POST
@needs(Right.IGNORE)
def ignore_one(request: HttpRequest, number: int) -> HttpResponse:
    return _settle(request, number, Deed.IGNORE)


def _find(number: int) -> ReceivedEvent:
    found = received_event(number)
    if found is None:
        raise Http404
    return found


def _settle(request: HttpRequest, number: int, deed: Deed) -> HttpResponse:
    found = _find(number)
    refused = settle(request, Ticked(events=[number]), deed)
    return _show(request, found, refused, status=422) if refused else redirect("event", number)


def _show(request: HttpRequest, found: ReceivedEvent, typed: Typed, *, status: int = 200) -> HttpResponse:
    bodies = may_see_bodies(request.user)
    if bodies.allowed:
        log_look(request, [one.account_id for one in found.marks], by="event")
    page = event_page(
        found,
        bodies=bodies,
        rights=Rights(may_replay(request.user), may_ignore(request.user)),
        typed=typed,
        now=timezone.now(),
    )
    return render_page(request, "event", {"page": page}, status=status)
