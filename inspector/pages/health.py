"""For machines: is this process alive, and can it serve?

`healthz` says which release it is. It asks nothing of a database, whose trouble must not restart the web.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from inspector.access import open_to_all
from recon import bootstrap
from recon.actions.check_readiness import READY, check_readiness


@open_to_all
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"ok {settings.VERSION}\n", content_type="text/plain")


@open_to_all
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when our database answers, is migrated, and the broker answers; else 503, and which of them does not."""
    parts = check_readiness(bootstrap.broker_probe())
    answer = JsonResponse(dict(parts), status=200 if set(parts.values()) == {READY} else 503)
    answer["Cache-Control"] = "no-store"
    return answer
