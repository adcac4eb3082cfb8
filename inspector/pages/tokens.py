"""The tokens of programs: make one, which is shown this once, and revoke it."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inspector.access import groups_of, needs
from inspector.actor import actor_of
from inspector.display.tokens import Typed, successor_of, tokens_page
from inspector.posted import text_of
from inspector.rendering import render_page
from inspector.request_id import current_request_id
from recon.actions.authority import Right
from recon.actions.make_token import LONGEST_PURPOSE, Wanted, make_token
from recon.actions.revoke_token import revoke_token
from recon.queries.tokens import every_token

NAME_LENGTH = 64


@require_safe
@needs(Right.GOVERN)
def tokens(request: HttpRequest) -> HttpResponse:
    """With the name of a token in `after` the form asks for its successor."""
    return _show(request, typed=successor_of(request.GET.get("after", ""), every_token()))


@require_POST
@needs(Right.GOVERN)
def make(request: HttpRequest) -> HttpResponse:
    """The page with the token on it, the only time; or the form again, with what is wrong (422)."""
    wanted = _wanted(request)
    made = make_token(
        wanted,
        actor=actor_of(request),
        groups=groups_of(request.user),
        now=timezone.now(),
        request_id=current_request_id(),
    )
    if made.code == "forbidden":
        raise PermissionDenied(made.sentence)
    if made.text:
        return _show(request, made=made.text)
    typed = Typed(wanted.name, wanted.purpose, frozenset(wanted.scopes), wanted.days, made.sentence)
    return _show(request, typed=typed, status=422)


@require_POST
@needs(Right.GOVERN)
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Without a reason nothing changes, and the page says so (422)."""
    try:
        done = revoke_token(
            number,
            actor=actor_of(request),
            groups=groups_of(request.user),
            reason=text_of(request, "reason", LONGEST_PURPOSE),
            now=timezone.now(),
            request_id=current_request_id(),
        )
    except ValueError as error:
        return _show(request, problem=str(error), status=422)
    if done.code == "forbidden":
        raise PermissionDenied(done.sentence)
    if done.code == "unknown":
        raise Http404
    return redirect("tokens")


def _wanted(request: HttpRequest) -> Wanted:
    days = text_of(request, "days", 4)
    return Wanted(
        name=text_of(request, "name", NAME_LENGTH),
        purpose=text_of(request, "purpose", LONGEST_PURPOSE),
        scopes=request.POST.getlist("scope"),
        days=int(days) if days.isascii() and days.isdigit() else 0,
    )


def _show(
    request: HttpRequest, *, typed: Typed | None = None, made: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    page = tokens_page(every_token(), typed=typed or Typed(), now=timezone.now(), made=made, problem=problem)
    return render_page(request, "api_tokens", {"page": page}, status=status)
