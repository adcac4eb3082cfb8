"""Is this process alive? Asks nothing of a database, so that a database's trouble does not restart the web."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from inspector.access import open_to_all


@open_to_all
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")
