"""Versions of the policy: change the numbers in a form, see what they would change, let them govern or go back."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inspector.access import groups_of, lookers_only, may_govern, needs
from inspector.actor import actor_of
from inspector.display.deed_form import Typed
from inspector.display.policy_form import asked_policy, policy_form, problems_at, typed_of
from inspector.display.policy_version import REASON_LENGTH, version_page
from inspector.pages.approve import SeeOther
from inspector.posted import text_of
from inspector.rendering import render_page
from inspector.request_id import current_request_id
from recon.actions.activate_policy import activate_policy, approve_policy
from recon.actions.authority import Right
from recon.actions.draft_policy import draft_policy, preview_again
from recon.actions.policy_settled import PolicyDone
from recon.actions.revert_policy import revert_policy
from recon.actions.withdraw_policy import withdraw_policy
from recon.queries.policy import Version, active_version, in_force, latest_preview, version

DEEDS: Final[Mapping[str, Callable[..., PolicyDone]]] = {
    "activate": activate_policy,
    "approve": approve_policy,
    "withdraw": withdraw_policy,
    "revert": revert_policy,
}
TRY_AGAIN: Final = "preview"


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.GOVERN)
def change_policy(request: HttpRequest) -> HttpResponse:
    """The form, with the numbers in force or `from` another version; sent, to the draft's page, or the form again with
    a sentence at each field that is not right (422)."""
    if request.method == "POST":
        return _draft(request)
    governing = in_force()
    other = _version(request.GET.get("from", ""))
    typed = typed_of(other.policy if other else governing.policy)
    page = policy_form(typed, of=f"version {other.number if other else governing.number}")
    return render_page(request, "policy_form", {"page": page})


@require_safe
@lookers_only
def policy_version(request: HttpRequest, number: int) -> HttpResponse:
    """Whoever asks again, and names what they have `seen`, is told nothing while nothing changed."""
    return _show(request, _find(number), Typed())


@require_POST
@needs(Right.GOVERN)
def steer_policy(request: HttpRequest, number: int, deed: str) -> HttpResponse:
    """Activate, approve, withdraw, go back, or try out again; without a reason the page again (422), and where it
    cannot be done now the page with why not (409)."""
    one = _find(number)
    if deed not in {*DEEDS, TRY_AGAIN}:
        raise Http404
    reason = text_of(request, "reason", REASON_LENGTH)
    try:
        done = _do(request, number, deed, reason)
    except ValueError as error:
        return _show(request, one, Typed(reason, str(error)), status=422)
    if done.code == "forbidden":
        raise PermissionDenied(done.sentence)
    if done.code:
        return _show(request, _find(number), Typed(reason, done.sentence), status=409)
    return SeeOther(reverse("policy_version", args=[done.number or number]))


def _do(request: HttpRequest, number: int, deed: str, reason: str) -> PolicyDone:
    who: dict[str, Any] = {
        "actor": actor_of(request),
        "groups": groups_of(request.user),
        "now": timezone.now(),
        "request_id": current_request_id(),
    }
    return preview_again(number, **who) if deed == TRY_AGAIN else DEEDS[deed](number, reason=reason, **who)


def _draft(request: HttpRequest) -> HttpResponse:
    asked = asked_policy(request.POST.dict())
    if asked.problems:
        return _form_again(request, asked.typed, asked.problems, "")
    done = draft_policy(
        asked.written,
        actor=actor_of(request),
        groups=groups_of(request.user),
        now=timezone.now(),
        request_id=current_request_id(),
    )
    if done.code:
        return _form_again(request, asked.typed, problems_at(done.problems), done.sentence)
    return SeeOther(reverse("policy_version", args=[done.number]))


def _form_again(
    request: HttpRequest, typed: Mapping[str, str], problems: Mapping[str, str], problem: str
) -> HttpResponse:
    said = problem or "Some of the numbers are not right; each says what is."
    page = policy_form(typed, of="what you typed", problems=problems, problem=said)
    return render_page(request, "policy_form", {"page": page}, status=422)


def _show(request: HttpRequest, one: Version, typed: Typed, *, status: int = 200) -> HttpResponse:
    active, found = active_version(), latest_preview(one.number)
    if active is None:
        raise Http404
    base = version(one.follows) if one.follows else None
    page = version_page(
        one,
        base or (active if one.state in {"draft", "waiting_for_second"} else None),
        active,
        found,
        person=actor_of(request),
        permission=may_govern(request.user),
        typed=typed,
        now=timezone.now(),
    )
    if request.GET.get("seen") == page.seen:
        return HttpResponse(status=204)
    return render_page(request, "policy_version", {"page": page}, status=status)


def _find(number: int) -> Version:
    found = version(number) if number < 2**31 else None
    if found is None:
        raise Http404
    return found


def _version(number: str) -> Version | None:
    return version(int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
