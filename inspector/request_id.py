"""One id for all that a request does: in its answer, its log lines, its audit entries and on its error page."""

import re
import uuid
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from recon.traces import FAILED, Value
from recon.under_way import current_request_id, known, under_way

__all__ = ["current_request_id", "request_id_middleware"]

HEADER: Final = "X-Request-ID"
GIVEN: Final = "HTTP_X_REQUEST_ID"
TRACEPARENT: Final = "HTTP_TRACEPARENT"
CHANGES_NOTHING: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
SANE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
GetResponse = Callable[[HttpRequest], HttpResponse]


def request_id_middleware(get_response: GetResponse) -> GetResponse:
    """Takes over the id that a proxy gave, where it is one, or makes one."""

    def answer(request: HttpRequest) -> HttpResponse:
        given = request.META.get(GIVEN, "")
        request_id = given if SANE.fullmatch(given) else str(uuid.uuid4())
        request.request_id = request_id  # type: ignore[attr-defined] # for the lines that are logged after the answer
        if request.method in CHANGES_NOTHING and TRACEPARENT not in request.META:
            with known(request_id=request_id):
                response = get_response(request)
        else:
            response = _told(request, get_response, request_id)
        response[HEADER] = request_id
        return response

    return answer


def _told(request: HttpRequest, get_response: GetResponse, request_id: str) -> HttpResponse:
    """What changes something, or is part of its caller's trace, has a span; of the address the pattern alone is told,
    for people are looked up by their addresses."""
    with under_way("request", parent=request.META.get(TRACEPARENT), is_answer=True, request_id=request_id) as work:
        response = get_response(request)
        if work.is_told:
            _tell(work, request, response.status_code)
    return response


def _tell(work: under_way, request: HttpRequest, status: int) -> None:
    method, route = request.method or "", _route(request)
    work.name(f"{method} {route}".strip())
    said: dict[str, Value] = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
    work.say(**said, **({FAILED: str(status)} if status >= 500 else {}))


def _route(request: HttpRequest) -> str:
    """As the URL configuration has it; empty where there is nothing."""
    found = getattr(request, "route", "")
    return found or (f"/{request.resolver_match.route}" if request.resolver_match else "")
