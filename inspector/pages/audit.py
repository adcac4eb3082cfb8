"""The audit: who did what, when and why, filtered by the URL; one entry with its seal; all of it as a file."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from inspector.access import may_audit_all, needs
from inspector.actor import actor_of
from inspector.display.audit import audit_page, csv_rows, entry_page
from inspector.display.audit_filter import Asked, asked, entry_number
from inspector.display.csv import csv_lines
from inspector.display.proof import badge
from inspector.rendering import render_page
from recon.actions.authority import Right
from recon.queries.audit import audit_actions, audit_entries, every_entry, sealed_entry
from recon.queries.verifications import audit_proof

PAGE = 50


@require_safe
@needs(Right.AUDIT_OWN)
def audit(request: HttpRequest) -> HttpResponse:
    wanted = _asked(request)
    below = entry_number(request.GET.get("after", ""))
    lines = [] if wanted.problems else audit_entries(wanted.wanted, below=below, limit=PAGE + 1)
    now = timezone.now()
    page = audit_page(
        wanted,
        lines,
        audit_actions(),
        badge=badge(audit_proof(), now),
        size=PAGE,
        is_first=below is None,
        now=now,
    )
    return render_page(request, "audit", {"page": page})


@require_safe
@needs(Right.AUDIT_OWN)
def audit_entry(request: HttpRequest, seq: int) -> HttpResponse:
    """Another's entry is answered like a missing one to whoever sees only their own."""
    entry = sealed_entry(seq, seen_by=_seen_by(request)) if seq < 2**63 else None
    if entry is None:
        raise Http404
    page = entry_page(entry, sees_all=not _seen_by(request), now=timezone.now())
    return render_page(request, "audit_entry", {"page": page})


@require_safe
@needs(Right.AUDIT_OWN)
def audit_csv(request: HttpRequest) -> HttpResponseBase:
    """The same entries as the page with the same filters, all of them, sent as they are read; an empty file would say
    that nothing was done."""
    wanted = _asked(request)
    if wanted.problems:
        return HttpResponseBadRequest("\n".join(wanted.problems), content_type="text/plain; charset=utf-8")
    lines = csv_lines(csv_rows(every_entry(wanted.wanted)))
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = (
        f'attachment; filename="audit-{timezone.now():%Y-%m-%d}-recon-{settings.VERSION}.csv"'
    )
    answer["Cache-Control"] = "private, no-store"
    return answer


def _asked(request: HttpRequest) -> Asked:
    return asked(request.GET, seen_by=_seen_by(request))


def _seen_by(request: HttpRequest) -> str:
    """Whose entries alone the reader may see; empty: everybody's."""
    return "" if may_audit_all(request.user).allowed else actor_of(request)
