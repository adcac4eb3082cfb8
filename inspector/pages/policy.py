"""Policy: what is done about each class, the breaker, the freeze, and the numbers that the rules go by."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inspector.access import lookers_only, may, may_govern, needs
from inspector.actor import actor_of
from inspector.display.policy import Typed, policy_page
from inspector.display.policy_version import policy_numbers
from inspector.display.status import freeze
from inspector.posted import text_of
from inspector.rendering import render_page
from inspector.request_id import current_request_id
from recon.actions import breaker
from recon.actions.authority import Right
from recon.actions.set_class_mode import set_class_mode
from recon.queries.automation import automation
from recon.queries.pauses import applies_paused
from recon.queries.policy import history

REASON_LENGTH = 1000


@require_safe
@lookers_only
def policy(request: HttpRequest) -> HttpResponse:
    return _show(request, Typed())


@require_POST
@needs(Right.GOVERN)
def set_mode(request: HttpRequest) -> HttpResponse:
    """Without a reason, or with a mode that there is none of, nothing changes, and the page says so."""
    name, mode, reason = (text_of(request, field, REASON_LENGTH) for field in ("class", "mode", "reason"))
    try:
        set_class_mode(
            name,
            mode,
            actor=actor_of(request),
            reason=reason,
            now=timezone.now(),
            request_id=current_request_id(),
        )
    except ValueError as error:
        return _show(request, Typed(name, mode, reason, str(error)), status=422)
    messages.info(request, "The mode is set: it holds from the next approval and the next round on.")
    return redirect("policy")


@require_POST
@needs(Right.GOVERN)
def close_breaker(request: HttpRequest) -> HttpResponse:
    reason = text_of(request, "reason", REASON_LENGTH)
    actor = actor_of(request)
    try:
        breaker.close_breaker(actor=actor, reason=reason, now=timezone.now(), request_id=current_request_id())
    except ValueError as error:
        return _show(request, Typed("breaker", "", reason, str(error)), status=422)
    messages.info(request, "The breaker is closed: automatic severe repairs go on.")
    return redirect("policy")


def _show(request: HttpRequest, typed: Typed, *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    permission = may_govern(request.user)
    page = policy_page(
        automation(now=now),
        freeze(applies_paused(), permission, now),
        policy_numbers(history()),
        permission=permission,
        sees_rollout=may(request.user, Right.ROLLOUT).allowed,
        typed=typed,
        now=now,
    )
    return render_page(request, "policy", {"page": page}, status=status)
