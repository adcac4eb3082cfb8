"""Status: stores, worker, queue, events, mirror, repairs in doubt, and the switch that stops all applies."""

import platform

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inspector.access import lookers_only, may_govern, needs
from inspector.actor import actor_of
from inspector.display.proof import badge
from inspector.display.status import freeze, status_page
from inspector.posted import text_of
from inspector.rendering import render_page
from inspector.request_id import current_request_id
from recon.actions import check_now as checking
from recon.actions.authority import Right
from recon.actions.pause_applies import pause_applies, resume_applies
from recon.queries.failed_reads import failed_reads
from recon.queries.pauses import applies_paused
from recon.queries.pulses import pulses
from recon.queries.runs import latest_sweep, mirror_state
from recon.queries.status import engine_status
from recon.queries.verifications import audit_proof


@require_safe
@lookers_only
def status(request: HttpRequest) -> HttpResponse:
    return _status(request)


@require_POST
@lookers_only
def check_now(request: HttpRequest) -> HttpResponse:
    """Asks the six stores and the workers; the answer is the status page."""
    checking.check_now(clock=timezone.now)
    return redirect("status")


@require_POST
@needs(Right.GOVERN)
def pause(request: HttpRequest) -> HttpResponse:
    """Stops all applies, or lets them go on. Without a reason nothing changes, and the page says so."""
    change = {"pause": pause_applies, "resume": resume_applies}.get(request.POST.get("to", ""))
    if change is None:
        return _status(request, problem="Say whether to pause or to resume.", code=400)
    actor = actor_of(request)
    reason = text_of(request, "reason", 1000)
    try:
        change(actor=actor, reason=reason, now=timezone.now(), request_id=current_request_id())
    except ValueError as error:
        return _status(request, problem=str(error), code=400)
    return redirect("status")


def _status(request: HttpRequest, *, problem: str = "", code: int = 200) -> HttpResponse:
    now = timezone.now()
    page = status_page(
        engine_status(now=now),
        pulses(),
        sweep=latest_sweep(),
        mirror=mirror_state(),
        failed=failed_reads(),
        badge=badge(audit_proof(), now),
        freeze=freeze(applies_paused(), may_govern(request.user), now),
        facts=_facts(),
        now=now,
    )
    return render_page(request, "status", {"page": page, "problem": problem}, status=code)


def _facts() -> list[tuple[str, str]]:
    return [
        ("Recon", settings.VERSION),
        ("Installation", settings.RECON_INSTANCE),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
    ]
