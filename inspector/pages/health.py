"""For machines: is this process alive, and can it serve?

`healthz` says which release it is. It asks nothing of a database, whose trouble must not restart the web.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from inspector.access import open_to_all
from recon import bootstrap
from recon.actions.check_readiness import check_readiness, is_ready


@open_to_all
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"ok {settings.VERSION}\n", content_type="text/plain")


@open_to_all
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when our database answers and is migrated, else 503; and how each part is, the broker too."""
    parts = check_readiness(bootstrap.database_probe(), bootstrap.broker_probe())
    answer = JsonResponse(dict(parts), status=200 if is_ready(parts) else 503)
    answer["Cache-Control"] = "no-store"
    return answer
