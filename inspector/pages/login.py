"""The way in: name and password, or the OpenID provider; one's own password; and the door that is shut for a while."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login as begin_session
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from inspector import openid
from inspector.access import for_any_login, open_to_all
from inspector.display.login import ended_words, locked_words, login_words
from inspector.kept_reason import KEPT_SECONDS, holds_kept_reason
from inspector.pages.errors import error_page
from inspector.sessions import STAMP
from inspector.throttle import Credentials, minutes_left, tries_of
from recon.actions.admit import admit

NEXT = "openid_next"


class Login(LoginView):
    http_method_names = ["get", "head", "post", "options"]
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ended = ended_words(self.request.GET.get("ended", ""), has_kept=holds_kept_reason(self.request))
        return super().get_context_data(**kwargs) | {"words": login_words(self.get_redirect_url()), "ended": ended}


class PasswordChange(PasswordChangeView):
    http_method_names = ["get", "head", "post", "options"]
    template_name = "registration/password.html"
    success_url = reverse_lazy("password_done")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"keeper": _keeper_of_password(self.request)}


login = open_to_all(Login.as_view())
logout = for_any_login(LogoutView.as_view(next_page="login"))
password = for_any_login(PasswordChange.as_view())


@for_any_login
@require_safe
def password_done(request: HttpRequest) -> HttpResponse:
    return render(request, "registration/password_done.html")


@open_to_all
@require_safe
def openid_begin(request: HttpRequest) -> HttpResponse:
    """Off to the provider; where one wanted to go waits in the session."""
    if not openid.is_on():
        raise Http404
    if not request.user.is_authenticated:
        request.session.set_expiry(KEPT_SECONDS)
    request.session[NEXT] = request.GET.get("next", "")
    try:
        return openid.send_to_provider(request)
    except openid.OpenIdTrouble as trouble:
        return _trouble_page(request, trouble)


@open_to_all
@require_safe
def openid_return(request: HttpRequest) -> HttpResponse:
    """Back from the provider: whoever it vouches for, and gives a role, is in."""
    if not openid.is_on():
        raise Http404
    try:
        claims = openid.claims_of_return(request)
        user = admit(openid.username_of(claims), openid.roles_of(claims))
    except openid.OpenIdTrouble as trouble:
        return _trouble_page(request, trouble)
    if user is None:
        raise PermissionDenied(
            f"{settings.OIDC_NAME} knows you, but none of your groups there stands for a role here, "
            "or your login was switched off: ask an admin, then log in again."
        )
    target = request.session.pop(NEXT, "")
    request.session.pop(STAMP, None)  # a login begins anew, also for whoever was in already
    begin_session(request, user, backend=openid.BACKEND)
    return redirect(_safe(request, target))


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Credentials | None) -> HttpResponse:
    """Too many wrong passwords: for how long the door is shut. The same for names that exist and that do not."""
    minutes = minutes_left(tries_of(request, credentials), timezone.now())
    page = render(request, "registration/locked.html", {"words": locked_words(minutes)}, status=429)
    page.headers["Retry-After"] = str(60 * minutes)
    return page


def _safe(request: HttpRequest, target: str) -> str:
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)


def _trouble_page(request: HttpRequest, trouble: openid.OpenIdTrouble) -> HttpResponse:
    return error_page(request, trouble.status, f"Not logged in by {settings.OIDC_NAME}", trouble.sentence)


def _keeper_of_password(request: HttpRequest) -> str:
    """Who keeps this person's password, when we do not."""
    is_ours = isinstance(request.user, User) and request.user.has_usable_password()
    return "" if is_ours else settings.OIDC_NAME
