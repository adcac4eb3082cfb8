"""Programs that sign what they send are answered before what only people need: sessions, form tokens, logins.

It is half of what an event costs. The addresses stand in the URL configuration all the same.
"""

from collections.abc import Callable, Mapping
from functools import cache

from django.http import HttpRequest, HttpResponse

from inspector.access import SIGNED, need_of
from inspector.api.problems import Endpoint

PREFIX = "/api/v1/"
GetResponse = Callable[[HttpRequest], HttpResponse]


def programs_first(get_response: GetResponse) -> GetResponse:
    def answer(request: HttpRequest) -> HttpResponse:
        endpoint = _endpoints().get(request.path_info)
        if endpoint is None:
            return get_response(request)
        request.get_host()  # a host that is not ours is refused here as everywhere
        return endpoint(request)

    return answer


@cache
def _endpoints() -> Mapping[str, Endpoint]:
    from inspector.api.urls import urlpatterns  # views may be imported once Django is set up

    return {f"{PREFIX}{one.pattern}": one.callback for one in urlpatterns if need_of(one.callback) == SIGNED}
