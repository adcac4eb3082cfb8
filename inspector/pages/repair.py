"""One repair: how far it is while it runs, how it ended, what the stores held when read back, and its undo."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from inspector.access import lookers_only
from inspector.repair import find_repair, show_repair


@require_safe
@lookers_only
def repair(request: HttpRequest, repair_id: UUID) -> HttpResponse:
    """The page, and the part of it that follows the repair."""
    return show_repair(request, find_repair(repair_id))
