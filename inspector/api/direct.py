"""Programs are answered before what only people need: sessions, form tokens, logins. So no cookie opens the API.

It is half of what an event costs. The addresses stand in the URL configuration all the same.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import RoutePattern

from inspector.api.answers import refusal_of
from inspector.api.problems import Endpoint, Refusal, problem

log = logging.getLogger(__name__)

FOR_PROGRAMS: Final = "/api/"
PREFIX: Final = "/api/v1/"
OFTEN: Final = frozenset({"events", "stripe_webhook", "store_events", "api_entitlement"})  # found without a search
ACCOUNTS: Final = f"{PREFIX}accounts/"
ACCOUNT_ID: Final = "<account:account_id>"  # here without a slash: one with it is found by a search
NOTHING: Final[Mapping[str, str]] = {}
NOTHING_HERE: Final = "There is nothing here."
# Data for programs: should a browser open it, it may load and run nothing.
POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
GetResponse = Callable[[HttpRequest], HttpResponse]


def programs_first(get_response: GetResponse) -> GetResponse:
    """The endpoints are loaded when the server starts: one that cannot be loaded stops it then, and fails no event."""
    resolver, often = endpoints()

    def answer(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return _lost(request, get_response(request))
        try:
            request.get_host()  # a host that is not ours is refused here as everywhere
            response = answer_here(request)
        except SuspiciousOperation as error:
            log.warning("a call was not understood", extra={"why": type(error).__name__})
            response = problem(refusal_of(error))
        response["Content-Security-Policy"] = POLICY
        return response

    def answer_here(request: HttpRequest) -> HttpResponse:
        pattern, given = pattern_of(request.path_info)
        endpoint = often.get(pattern)
        if endpoint is None:
            return _resolved(resolver, request)
        request.route = pattern  # type: ignore[attr-defined] # for who tells of the request
        return endpoint(request, **given)

    return answer


def pattern_of(path: str) -> tuple[str, Mapping[str, str]]:
    """The pattern that the address would have been made from, and what it was made with."""
    if path.startswith(ACCOUNTS):
        account_id, slash, rest = path[len(ACCOUNTS) :].partition("/")
        if account_id:
            return f"{ACCOUNTS}{ACCOUNT_ID}{slash}{rest}", {"account_id": account_id}
    return path, NOTHING


def _lost(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Who is lost below /api/ is a program too, and reads no page."""
    is_lost = response.status_code == 404 and request.path_info.startswith(FOR_PROGRAMS)
    return problem(Refusal(404, "not_found", NOTHING_HERE)) if is_lost else response


def _resolved(resolver: URLResolver, request: HttpRequest) -> HttpResponse:
    try:
        match = resolver.resolve(request.path_info)
    except Resolver404:
        return problem(Refusal(404, "not_found", NOTHING_HERE))
    request.resolver_match = match
    request.route = f"{PREFIX}{match.route}"  # type: ignore[attr-defined] # the match is of what comes after
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return _rendered(response)


def _rendered(response: Any) -> HttpResponse:
    """What the framework's views leave to be rendered is, before it goes on."""
    rendered: HttpResponse = response.render() if hasattr(response, "render") else response
    return rendered


def endpoints() -> tuple[URLResolver, Mapping[str, Endpoint]]:
    from inspector.api.urls import urlpatterns  # views may be imported once Django is set up

    resolver = URLResolver(RoutePattern(PREFIX), urlpatterns)
    return resolver, {f"{PREFIX}{one.pattern}": one.callback for one in urlpatterns if one.name in OFTEN}
