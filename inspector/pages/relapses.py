"""Relapses: cells that somebody changed back after a repair, by place; a person lets them be written again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inspector.access import lookers_only, may_release, needs
from inspector.actor import actor_of
from inspector.display.audit_filter import entry_number
from inspector.display.relapses import Typed, relapses_page, wanted_in
from inspector.rendering import render_page
from inspector.request_id import current_request_id
from recon.actions.authority import Right
from recon.actions.release_ticked import release_ticked
from recon.queries.relapses import relapsed_cells, relapsed_places

PAGE = 50
REASON_LENGTH = 500


@require_safe
@lookers_only
def relapses(request: HttpRequest) -> HttpResponse:
    return _show(request, Typed())


@require_POST
@needs(Right.RELEASE)
def release_relapses(request: HttpRequest) -> HttpResponse:
    """Back to the list that it was asked from; without a reason, or with nothing ticked, it says so (422)."""
    reason = request.POST.get("reason", "")[:REASON_LENGTH]
    numbers = [number for text in request.POST.getlist("relapse") if (number := entry_number(text)) is not None]
    try:
        released = release_ticked(
            numbers,
            actor=actor_of(request),
            reason=reason,
            now=timezone.now(),
            request_id=current_request_id(),
        )
    except ValueError as error:
        return _show(request, Typed(reason, str(error), frozenset(numbers)), status=422)
    gone = f" {released.gone} had been released before." if released.gone else ""
    messages.info(request, f"{released.done} released: they may be written automatically again.{gone}")
    query = request.GET.urlencode()
    return redirect(f"{reverse('relapses')}{'?' if query else ''}{query}")


def _show(request: HttpRequest, typed: Typed, *, status: int = 200) -> HttpResponse:
    wanted, below = wanted_in(request.GET), entry_number(request.GET.get("after", ""))
    page = relapses_page(
        wanted,
        relapsed_places(released=wanted.released),
        relapsed_cells(wanted, below=below, limit=PAGE + 1),
        permission=may_release(request.user),
        typed=typed,
        size=PAGE,
        is_first=below is None,
        now=timezone.now(),
    )
    return render_page(request, "relapses", {"page": page}, status=status)
