"""Rollout: class by class what others write beside the engine, and what the class may be trusted with next."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspector.access import needs
from inspector.display.rollout import rollout_page
from inspector.rendering import render_page
from recon.actions.authority import Right
from recon.queries.rollout import rollout as seen


@require_safe
@needs(Right.ROLLOUT)
def rollout(request: HttpRequest) -> HttpResponse:
    """It advises, and switches nothing: that is the policy page's."""
    now = timezone.now()
    return render_page(request, "rollout", {"page": rollout_page(seen(now=now), now)})
