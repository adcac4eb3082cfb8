"""What a person sees when something is refused, missing or broken: what happened and what to do, never a traceback."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import requires_csrf_token

from inspector.request_id import current_request_id


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    why = str(exception or "") or "Your role does not allow this."
    return _error(request, 403, "Not for this login", why)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(
        request, 404, "Nothing here", "There is no such page, or no such account. Search for the account above."
    )


def broken(request: HttpRequest) -> HttpResponse:
    return _error(
        request,
        500,
        "Something broke",
        "Nothing was changed. Try again; if it stays, tell the on-call engineer the request id below.",
    )


def _error(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    told = {"title": title, "text": text, "status": status, "request_id": current_request_id()}
    return render(request, "error.html", told, status=status)
