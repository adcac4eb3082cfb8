"""The list of accounts with drift, the worst first; filters and the page's key stand in the URL."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspector.access import lookers_only
from inspector.display.accounts import accounts_view, key_of
from inspector.rendering import render_page
from recon.queries.clusters import cluster
from recon.queries.queue import QueueFilter, accounts_by_harm, count_accounts

PAGE = 50


@require_safe
@lookers_only
def accounts(request: HttpRequest) -> HttpResponse:
    wanted = QueueFilter(
        of_class=_word(request, "class"),
        detail=_word(request, "detail"),
        state=_word(request, "state"),
        finding=_word(request, "finding"),
        cluster=_word(request, "cluster"),
        unknown_only=_word(request, "verdict") == "unknown",
    )
    alike = cluster(wanted.cluster) if wanted.cluster else None
    after = key_of(_word(request, "after"))
    lines = accounts_by_harm(wanted, after=after, limit=PAGE + 1)
    view = accounts_view(
        wanted, lines, count_accounts(wanted), alike, page=PAGE, is_first=after is None, now=timezone.now()
    )
    return render_page(request, "accounts", {"view": view})


def _word(request: HttpRequest, name: str) -> str:
    """A filter out of the URL; PostgreSQL's text holds no null byte."""
    return request.GET.get(name, "").replace("\x00", "")[:200]
