"""One template for page and fragment: `_fragment.html` renders whole on its own, and `page.html` includes it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails


def render_page(request: HttpRequest, folder: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """The fragment for htmx's own requests, the page for everyone else; never kept by a shared cache."""
    name = "_fragment.html" if _wants_fragment(request) else "page.html"
    response = render(request, f"{folder}/{name}", context, status=status)
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "HX-Request, Cookie"
    return response


def version(request: HttpRequest) -> dict[str, str]:
    """Which release this is, for each page's foot."""
    return {"version": settings.VERSION}


def _wants_fragment(request: HttpRequest) -> bool:
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined] # set by django_htmx's middleware
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request
