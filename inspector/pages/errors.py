"""What a person sees when something is refused, missing or broken: what happened and what to do, never a traceback."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import requires_csrf_token
from django_htmx.http import HttpResponseClientRedirect

from inspector.access import may_look
from inspector.kept_reason import keep_reason
from inspector.request_id import current_request_id
from inspector.sessions import is_htmx, page_of_form, way_back

View = Callable[[HttpRequest], HttpResponse]


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    why = str(exception or "") or "Your role does not allow this."
    # Who may not look at all finds the same refusal on every page: no link there.
    way = None if may_look(request.user).allowed else ("", "")
    return error_page(request, 403, "Not for this login", why, way=way)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(
        request, 404, "Nothing here", "There is no such page, or no such account. Search for the account above."
    )


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that no browser of ours sends: too long, for another host, not what a form holds."""
    return error_page(
        request, 400, "Not understood", "Nothing was changed. Open the page by its own address and try again."
    )


def broken(request: HttpRequest) -> HttpResponse:
    return error_page(
        request,
        500,
        "Something broke",
        "Nothing was changed. Try again; if it stays, tell the on-call engineer the request id.",
    )


def not_allowed_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """A form's address opened as if it were a page: Django answers with nothing to read."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405 or response.content:
            return response
        page = error_page(
            request,
            405,
            "Only a form leads here",
            "This address takes what a form sends, and is no page to open. Nothing was changed.",
            way=(page_of_form(request), "Open the page anew"),
        )
        page["Allow"] = response["Allow"]
        return page

    return answer


@requires_csrf_token
def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the right token: most often an old tab, whose typed reason is then kept; else a foreign page."""
    kwargs = request.resolver_match.kwargs if request.resolver_match else {}
    # Only a browser says so, and of its own accord: a foreign page cannot leave words here.
    is_ours = "account_id" in kwargs and request.headers.get("Sec-Fetch-Site") == "same-origin"
    kept = " What you typed is kept." if is_ours and keep_reason(request, kwargs["account_id"]) else ""
    back = way_back(request)
    if is_htmx(request):
        return HttpResponseClientRedirect(back)
    return error_page(
        request,
        403,
        "This form is out of date",
        "You logged in again since this page was opened, or your browser keeps no cookies. Nothing was changed."
        f"{kept} Open the page anew and send the form again.",
        way=(back, "Open the page anew"),
    )


def error_page(
    request: HttpRequest, status: int, title: str, text: str, *, way: tuple[str, str] | None = None
) -> HttpResponse:
    """`way` is where to go from here, address and words: home when nothing is said, nowhere when they are empty."""
    href, words = way or (reverse("home"), "To the drift home")
    told = {"title": title, "text": text, "status": status, "request_id": current_request_id()}
    return render(request, "error.html", {**told, "href": href, "words": words}, status=status)
