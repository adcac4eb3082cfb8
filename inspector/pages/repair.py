"""One repair: how far it is while it runs, how it ended, and what the stores held when they were read back."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspector.access import lookers_only, may_apply, may_propose
from inspector.display.repair_page import repair_page
from inspector.look_log import log_look
from inspector.rendering import render_page
from recon.queries import repairs
from recon.queries.account import account_view


@require_safe
@lookers_only
def repair(request: HttpRequest, repair_id: UUID) -> HttpResponse:
    """Whoever asks for the fragment again, and names what they have `seen`, is told nothing while nothing changed."""
    found = repairs.repair(repair_id)
    if found is None:
        raise Http404
    log_look(request, found.account_id, by="repair")
    view = None if found.is_live else account_view(found.account_id)
    person = request.user
    permission = may_propose(person) if found.proposal else may_apply(person, view.risk if view else found.risk)
    page = repair_page(found, view, permission=permission, username=person.get_username(), now=timezone.now())
    if request.GET.get("seen") == page.seen:
        return HttpResponse(status=204)
    return render_page(request, "repair", {"page": page})
