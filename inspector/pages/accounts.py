"""A queue of accounts, the worst first: filters, order and the page's key stand in the URL; all of it as a file."""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspector.access import lookers_only, may_propose, may_start_bulk, may_work, needs
from inspector.actor import actor_of
from inspector.display.accounts import Known, accounts_view
from inspector.display.bulk_list import bulk_begin
from inspector.display.csv import csv_lines
from inspector.display.queue_csv import csv_rows
from inspector.display.queue_filter import asked_queue, key_of
from inspector.rendering import render_page
from inspector.request_id import current_request_id
from recon.actions.authority import Right
from recon.actions.export_queue import export_queue
from recon.queries.clusters import cluster
from recon.queries.queue import QueuePage, queue_page
from recon.queries.queue_totals import Totals, kept_counts, sizes, totals_of
from recon.queries.work import filters_of

PAGE = 50


@require_safe
@lookers_only
def accounts(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    asked = asked_queue(request.GET, person=actor_of(request), now=now)
    alike = cluster(asked.wanted.cluster) if asked.wanted.cluster else None
    kept = kept_counts()
    counts = sizes(kept) | ({"cluster": alike.accounts} if alike else {})
    after = key_of(request.GET.get("after", ""), asked.sort)
    if asked.problems:
        page, totals = QueuePage((), None), Totals(None)
    else:
        page = queue_page(asked.wanted, sort=asked.sort, after=after, limit=PAGE, counts=counts)
        totals = totals_of(asked.wanted, kept, counts)
    known = Known(kept, totals, alike, filters_of(asked.wanted.person))
    view = accounts_view(asked, page, known, is_first=after is None, now=now)
    repair = may_start_bulk(request.user, accounts=1, any_severe=False)
    begin = bulk_begin(asked.query, totals.accounts, repair, may_propose(request.user))
    return render_page(request, "accounts", {"view": view, "begin": begin, "work": may_work(request.user)})


@require_safe
@needs(Right.WORK)
def accounts_csv(request: HttpRequest) -> HttpResponseBase:
    """The same accounts as the page with the same filters, all of them, sent as they are read."""
    now = timezone.now()
    asked = asked_queue(request.GET, person=actor_of(request), now=now)
    if asked.problems:
        return HttpResponseBadRequest("\n".join(asked.problems), content_type="text/plain; charset=utf-8")
    lines = export_queue(
        asked.wanted,
        sort=asked.sort,
        query=asked.in_url,
        actor=asked.wanted.person,
        request_id=current_request_id(),
    )
    answer = StreamingHttpResponse(csv_lines(csv_rows(lines)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="accounts-{now:%Y-%m-%d}.csv"'
    answer["Cache-Control"] = "private, no-store"
    return answer
