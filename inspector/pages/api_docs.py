"""The API's documentation: every call, for whoever writes a program against it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from inspector.access import lookers_only, may_govern
from inspector.display.api_docs import docs_page
from inspector.rendering import render_page
from inspector.schema import schema


@require_safe
@lookers_only
def api_docs(request: HttpRequest) -> HttpResponse:
    origin = request.build_absolute_uri("/").rstrip("/")
    context = {"page": docs_page(schema(), origin), "makes_tokens": may_govern(request.user).allowed}
    return render_page(request, "api_docs", context)
