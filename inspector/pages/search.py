"""Search: ids, emails and names, several at once; one account that is meant without a doubt opens."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inspector.access import needs
from inspector.display.search import search_view
from inspector.look_log import log_look
from inspector.rendering import render_page
from recon.actions.authority import Right
from recon.queries.find import find
from recon.queries.runs import latest_sweep, mirror_state

MOST_SHOWN = 1_000


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Right.LOOK)
def search(request: HttpRequest) -> HttpResponse:
    """The form of many terms posts them, because an address cannot hold them all; nothing is changed by it."""
    asked = request.POST if request.method == "POST" else request.GET
    found = find(asked.get("q", ""))
    if found.only is not None:
        return redirect("account", found.only)
    log_look(request, [hit.account_id for hit in found.hits], by="search")
    view = search_view(found, latest_sweep(), mirror_state(), timezone.now())
    context = {"view": view, "asked": ", ".join(found.terms)[:MOST_SHOWN], "focus_search": not found.hits}
    return render_page(request, "search", context)
