"""One id for all that a request does: in its answer, its log lines, its audit entries and on its error page."""

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from django.http import HttpRequest, HttpResponse

HEADER: Final = "X-Request-ID"
GIVEN: Final = "HTTP_X_REQUEST_ID"
SANE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request under way; empty outside one."""
    return _current.get()


def request_id_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Takes over the id that a proxy gave, where it is one, or makes one."""

    def answer(request: HttpRequest) -> HttpResponse:
        given = request.META.get(GIVEN, "")
        request_id = given if SANE.fullmatch(given) else str(uuid.uuid4())
        request.request_id = request_id  # type: ignore[attr-defined] # for the lines that are logged after the answer
        token = _current.set(request_id)
        try:
            response = get_response(request)
        finally:
            _current.reset(token)
        response[HEADER] = request_id
        return response

    return answer


class RequestIdFilter(logging.Filter):
    """Gives each log line the id of the request that it belongs to, or a dash."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _current.get() or getattr(getattr(record, "request", None), "request_id", "-")
        return True
