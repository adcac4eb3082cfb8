"""Refusals for programs: problem details (RFC 9457) with a word to switch on, and nothing of the request in them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, UnreadablePostError

TITLES: Final[Mapping[int, str]] = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    410: "Gone",
    411: "Length needed",
    413: "Too large",
    415: "Not a media type that is taken",
    422: "Cannot be done",
    429: "Too many calls",
    500: "Broken",
    503: "Not available",
}
MOST_DIGITS: Final = 12
Endpoint = Callable[..., HttpResponse]


@dataclass(slots=True, eq=False)
class Refusal(Exception):
    """`code` is for programs, `detail` for people; `errors` are pointers into the body, or parameters, each with what
    is wrong; `more` are further members of the answer."""

    status: int
    code: str
    detail: str
    headers: Mapping[str, str] | None = None
    errors: Sequence[Mapping[str, str]] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


def posted(endpoint: Endpoint) -> Endpoint:
    """For POST alone; a Refusal that is raised becomes the answer."""
    return _answering(endpoint, ("POST",), "Send it by POST.")


def asked(endpoint: Endpoint) -> Endpoint:
    """For GET and HEAD alone; a Refusal that is raised becomes the answer."""
    return _answering(endpoint, ("GET", "HEAD"), "Ask for it by GET.")


def _answering(endpoint: Endpoint, methods: Sequence[str], otherwise: str) -> Endpoint:
    @wraps(endpoint)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in methods:
            return problem(Refusal(405, "method_not_allowed", otherwise, {"Allow": ", ".join(methods)}))
        try:
            return endpoint(request, *args, **kwargs)
        except Refusal as refusal:
            return problem(refusal)

    return answered


def problem(refusal: Refusal) -> HttpResponse:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES[refusal.status],
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
    }
    if refusal.errors:
        body["errors"] = list(refusal.errors)
    body.update(refusal.more)
    return HttpResponse(
        json.dumps(body), status=refusal.status, content_type="application/problem+json", headers=refusal.headers
    )


def answer(body: Mapping[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(body), status=status, content_type="application/json")


def read_text(request: HttpRequest, most: int) -> str:
    """The raw body, at most so many bytes of UTF-8; Refusal: anything else.

    Without its length a body is not read at all: it would pass for an empty one.
    """
    if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
        raise Refusal(411, "no_length", "Send the body with its Content-Length.")
    too_large = Refusal(413, "too_large", f"The body may have {most:,} bytes.")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or len(length) > MOST_DIGITS or int(length) > most:
        raise too_large
    try:
        return request.read(most + 1).decode()
    except UnicodeDecodeError as error:
        raise Refusal(400, "not_utf8", "The body is no UTF-8.") from error
    except UnreadablePostError as error:
        raise Refusal(400, "cut_off", "The body ended before its end.") from error


def not_stored() -> Refusal:
    """What came could not be made durable: it is to be sent again."""
    return Refusal(503, "not_stored", "It could not be stored: send it again.", {"Retry-After": "5"})
