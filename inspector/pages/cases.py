"""Cases: what a person has to decide, what waits for a store's owner, what is accepted, and how it all ended."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspector.access import lookers_only, may_work, needs
from inspector.actor import actor_of
from inspector.display.audit_filter import entry_number
from inspector.display.case_list import CasesPage, asked_cases, csv_rows, decided_page, in_url_of, open_key, open_page
from inspector.display.csv import csv_lines
from inspector.display.words import FINDINGS
from inspector.rendering import render_page
from inspector.request_id import current_request_id
from recon.actions.authority import Right
from recon.actions.export_cases import export_cases
from recon.queries.cases import Part, decisions, open_cases, standing_decisions
from recon.queries.queue_totals import kept_counts, sizes

PAGE = 50


@require_safe
@lookers_only
def cases(request: HttpRequest) -> HttpResponse:
    return render_page(request, "cases", {"page": _page(request), "work": may_work(request.user)})


@require_safe
@needs(Right.WORK)
def cases_csv(request: HttpRequest) -> HttpResponseBase:
    """The same decisions as the page with the same filters, all of them; without a part, those that wait."""
    now, wanted = timezone.now(), asked_cases({"part": Part.WAITING.value, **request.GET.dict()})
    rows = export_cases(wanted, query=in_url_of(wanted), actor=actor_of(request), request_id=current_request_id())
    answer = StreamingHttpResponse(csv_lines(csv_rows(rows, now)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="cases-{now:%Y-%m-%d}.csv"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _page(request: HttpRequest) -> CasesPage:
    now, wanted, after = timezone.now(), asked_cases(request.GET), request.GET.get("after", "")
    counts, found = standing_decisions(), _found()
    if wanted.part is Part.OPEN:
        key = open_key(after)
        page = open_cases(wanted.finding, after=key, limit=PAGE)
        return open_page(wanted, page, counts, found, is_first=key is None, now=now)
    number = entry_number(after)
    rows = decisions(wanted, after=number, limit=PAGE + 1)
    return decided_page(wanted, rows, counts, found, request.user, size=PAGE, is_first=number is None, now=now)


def _found() -> int | None:
    """As the queues were last counted, those that are decided on too; None when they never were."""
    counted = sizes(kept_counts())
    return None if not counted else sum(counted.get(f"finding:{one}", 0) for one in FINDINGS)
