"""Programs that sign what they send are answered before what only people need: sessions, form tokens, logins.

It is half of what an event costs. The addresses stand in the URL configuration all the same.
"""

from collections.abc import Callable, Mapping
from typing import Final

from django.http import HttpRequest, HttpResponse

from inspector.access import SIGNED, need_of
from inspector.api.problems import Endpoint

PREFIX: Final = "/api/v1/"
# Data for programs: should a browser open it, it may load and run nothing.
POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
GetResponse = Callable[[HttpRequest], HttpResponse]


def programs_first(get_response: GetResponse) -> GetResponse:
    """The endpoints are loaded when the server starts: one that cannot be loaded stops it then, and fails no event."""
    endpoints = _endpoints()

    def answer(request: HttpRequest) -> HttpResponse:
        endpoint = endpoints.get(request.path_info)
        if endpoint is None:
            return get_response(request)
        request.get_host()  # a host that is not ours is refused here as everywhere
        response = endpoint(request)
        response["Content-Security-Policy"] = POLICY
        return response

    return answer


def _endpoints() -> Mapping[str, Endpoint]:
    from inspector.api.urls import urlpatterns  # views may be imported once Django is set up

    return {f"{PREFIX}{one.pattern}": one.callback for one in urlpatterns if need_of(one.callback) == SIGNED}
