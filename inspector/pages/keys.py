"""What can be done by single keys; with script the list comes as a dialog over the page that one is on."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from inspector.access import for_any_login
from inspector.display.keys import KEYS
from inspector.rendering import render_page


@for_any_login
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    return render_page(request, "keys", {"keys": KEYS})
