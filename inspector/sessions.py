"""When a session ends: unused, too old, or its person's roles changed. And what who has none is told.

Django itself renews the session's id at login and ends it at logout, at a change of password, and when the login is
switched off.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from inspector.access import OPEN, SIGNED, groups_of, need_of
from inspector.kept_reason import keep_reason

STAMP: Final = "stamp"  # begun and seen (seconds since 1970), and the groups at that time
SEEN_EVERY_SECONDS: Final = 60  # a session in use is written once a minute, not once a request
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
View = Callable[..., HttpResponseBase]


class Gate(LoginRequiredMiddleware):
    """Every page asks for a login whose session has not ended. What was typed into a form is not lost over it."""

    def process_view(
        self, request: HttpRequest, view_func: View, view_args: tuple[Any, ...], view_kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if need_of(view_func) in {OPEN, SIGNED}:
            return None
        ended = end_when_due(request)
        if request.user.is_authenticated or not getattr(view_func, "login_required", True):
            return None
        if request.method not in SAFE_METHODS and "account_id" in view_kwargs:
            keep_reason(request, view_kwargs["account_id"])
        words = {"next": way_back(request)} | ({"ended": ended} if ended else {})
        address = f"{reverse('login')}?{urlencode(words)}"
        # A fragment's request must lead the whole page to the login, not swap it into the fragment's place.
        return HttpResponseClientRedirect(address) if is_htmx(request) else HttpResponseRedirect(address)


class NoStore:
    """Pages are kept by no cache, shared or the browser's own: after a logout nothing is left to go back to."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


def end_when_due(request: HttpRequest) -> str:
    """Log out when the session has ended; why (`idle`, `old`, `roles`), or "". Asks no query but the groups."""
    if not request.user.is_authenticated:
        return ""
    now = int(timezone.now().timestamp())
    groups = sorted(groups_of(request.user))
    stamp = request.session.get(STAMP)
    if stamp is None:
        stamp = {"begun": now, "seen": now, "groups": groups}
        request.session[STAMP] = stamp
        request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    ended = _why_ended(stamp, now, groups)
    if ended:
        logout(request)
    elif now - stamp["seen"] >= SEEN_EVERY_SECONDS:
        request.session[STAMP] = {**stamp, "seen": now}
    return ended


def way_back(request: HttpRequest) -> str:
    """The page that somebody was on: where a login leads, for a form's own address answers no link."""
    if is_htmx(request):
        return request.htmx.current_url_abs_path or reverse("home")  # type: ignore[attr-defined]
    if request.method in SAFE_METHODS:
        return request.get_full_path()
    return page_of_form(request)


def page_of_form(request: HttpRequest) -> str:
    """Where the form stands that is sent to this address."""
    kwargs = request.resolver_match.kwargs if request.resolver_match else {}
    return reverse("account", args=[kwargs["account_id"]]) if "account_id" in kwargs else reverse("home")


def is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def _why_ended(stamp: dict[str, Any], now: int, groups: list[str]) -> str:
    if stamp["groups"] != groups:
        return "roles"
    if now - stamp["begun"] >= settings.SESSION_COOKIE_AGE:
        return "old"
    return "idle" if now - stamp["seen"] >= settings.IDLE_SECONDS else ""
