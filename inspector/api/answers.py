"""What an endpoint raised, as problem details: nothing of the request in them, and nothing of what exists."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions

from inspector.api.bearer import not_authenticated
from inspector.api.problems import Refusal, problem
from inspector.api.throttle import too_many

log = logging.getLogger(__name__)

SEND_A_TOKEN: Final = "Send a token that is in force as Authorization: Bearer."
MOST_ERRORS: Final = 20
AGAIN: Final = {"Retry-After": "5"}
JSON: Final = "application/json"
USUALLY_ACCEPTED: Final = frozenset({"*/*", JSON, ""})


def problem_of(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """The answer to whatever an endpoint raised; what nobody foresaw is logged, and told by its request id alone."""
    return problem(refusal_of(error))


def refusal_of(error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return not_authenticated(SEND_A_TOKEN)
        case Http404() | exceptions.NotFound():
            return Refusal(404, "not_found", "There is nothing here.")
        case exceptions.ValidationError():
            errors = list(pointers(error.detail))[:MOST_ERRORS]
            return Refusal(400, "bad_body", "Not every field is what this call takes.", errors=errors)
        case exceptions.ParseError():
            return Refusal(400, "not_json", "The body is no JSON that can be read.")
        case RequestDataTooBig():
            return Refusal(413, "too_large", "The body is too large.")
        case SuspiciousOperation():
            return Refusal(400, "not_understood", "For another host than this one, or with too many parameters.")
        case exceptions.APIException():
            return _of_framework(error)
        case DatabaseError() | InterfaceError():
            log.exception("our database did not answer a call", exc_info=error)
            return Refusal(503, "not_available", "Nothing is known to have changed: ask again.", AGAIN)
        case _:
            log.exception("a call broke", exc_info=error)
            return Refusal(500, "broken", "It broke. The request id in X-Request-ID finds the reason in the log.")


def _of_framework(error: exceptions.APIException) -> Refusal:
    match error:
        case exceptions.MethodNotAllowed():
            return no_such_method()
        case exceptions.UnsupportedMediaType():
            return Refusal(415, "not_json", "Send it as application/json.")
        case exceptions.NotAcceptable():
            return json_only()
        case exceptions.Throttled():
            return too_many(error.wait or 60)
        case _:
            return Refusal(403, "forbidden", "This token may not do that.")


def no_such_method(headers: Mapping[str, str] | None = None) -> Refusal:
    return Refusal(405, "method_not_allowed", "This address has no such method.", headers)


def refuse_other_types(request: HttpRequest) -> None:
    """Refusal: the answer may not be JSON."""
    if request.META.get("HTTP_ACCEPT", "") not in USUALLY_ACCEPTED and not request.accepts(JSON):
        raise json_only()


def json_only() -> Refusal:
    return Refusal(406, "json_only", "The answer is application/json, or application/problem+json.")


def pointers(detail: Any, place: str = "") -> Iterator[Mapping[str, str]]:
    """JSON pointers into the body, each with what is wrong there."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            is_whole = name == "non_field_errors"
            yield from pointers(inner, place if is_whole else f"{place}/{_escaped(str(name))}")
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for number, inner in enumerate(detail):
            is_text = isinstance(inner, str)
            yield from pointers(inner, place if is_text else f"{place}/{number}")
    else:
        yield {"pointer": place, "detail": str(detail)}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")[:100]
