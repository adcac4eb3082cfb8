"""Bulk repairs: begin one from a list, see what it amounts to, start, approve and steer it, follow it to its end."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inspector.access import (
    Permission,
    groups_of,
    lookers_only,
    may,
    may_second_bulk,
    may_start_bulk,
    needs,
)
from inspector.actor import actor_of
from inspector.display.bulk import Rights, Typed, bulk_page, csv_rows
from inspector.display.bulk_list import bulk_list
from inspector.display.bulk_words import OPEN, OUTCOMES
from inspector.display.csv import csv_lines
from inspector.display.queue_filter import asked_queue
from inspector.pages.approve import SeeOther
from inspector.rendering import render_page
from inspector.request_id import current_request_id
from recon.actions.authority import Right
from recon.actions.bulk_settled import BulkDone
from recon.actions.draft_bulk_repair import Drafted, Selection, draft_bulk_repair
from recon.actions.start_bulk_repair import approve_bulk_repair, start_bulk_repair
from recon.actions.steer_bulk_repair import Steer, steer_bulk_repair
from recon.actors import name_of
from recon.queries.bulk import BulkRun, bulk_lines, bulk_run, bulk_runs, every_bulk_line

PAGE = 50
QUERY_LENGTH = 2_000
KEY_LENGTH = 64
REASON_LENGTH = 500
STARTS: Mapping[str, Callable[..., BulkDone]] = {"start": start_bulk_repair, "approve": approve_bulk_repair}


@require_safe
@lookers_only
def bulk_repairs(request: HttpRequest) -> HttpResponse:
    return _list(request)


@require_POST
@needs(Right.START_SMALL_BULK)
def begin_bulk(request: HttpRequest) -> HttpResponse:
    """From what was ticked, from all that a list's filter matches, or from what had moved in another run; to the
    draft's page, or why nothing was begun (422)."""
    now = timezone.now()
    drafted = _draft(request, now)
    if drafted.run_id is not None:
        return SeeOther(reverse("bulk_repair", args=[drafted.run_id]))
    return _list(request, problem=drafted.sentence, status=422)


@require_safe
@lookers_only
def bulk_repair(request: HttpRequest, run_id: int) -> HttpResponse:
    """Whoever asks again, and names what they have `seen`, is told nothing while nothing changed."""
    return _show(request, _find(run_id), Typed())


@require_POST
@needs(Right.START_SMALL_BULK)
def steer_bulk(request: HttpRequest, run_id: int, deed: str) -> HttpResponse:
    """Start, approve, pause, resume or cancel; without a reason the page again (422), and where it cannot be done now
    the page with why not (409)."""
    run = _find(run_id)
    if deed not in {*STARTS, *Steer}:
        raise Http404
    reason = _text(request, "reason")[:REASON_LENGTH]
    try:
        done = _do(request, run, deed, reason)
    except ValueError as error:
        return _show(request, run, Typed(reason, str(error)), status=422)
    if done.code == "forbidden":
        raise PermissionDenied(done.sentence)
    if done.code:
        return _show(request, _find(run_id), Typed(reason, done.sentence), status=409)
    return SeeOther(reverse("bulk_repair", args=[run_id]))


@require_safe
@lookers_only
def bulk_csv(request: HttpRequest, run_id: int) -> StreamingHttpResponse:
    """What came of every account, or of those with one outcome, sent as it is read."""
    run = _find(run_id)
    rows = csv_rows(every_bulk_line(run.id, outcome=_outcome(request)))
    answer = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="bulk-repair-{run.id}.csv"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _draft(request: HttpRequest, now: datetime) -> Drafted:
    selection = _selection(request, now)
    if isinstance(selection, Drafted):
        return selection
    return draft_bulk_repair(
        selection,
        actor=actor_of(request),
        groups=groups_of(request.user),
        request_key=_text(request, "request_key")[:KEY_LENGTH] or str(uuid4()),
        now=now,
        request_id=current_request_id(),
    )


def _selection(request: HttpRequest, now: datetime) -> Selection | Drafted:
    kind = _text(request, "of")
    if kind == "all":
        asked = asked_queue(QueryDict(_text(request, "query")[:QUERY_LENGTH]), person=actor_of(request), now=now)
        if asked.problems:
            return Drafted(None, "filter", f"{' '.join(asked.problems)} Nothing was started.")
        return Selection(wanted=asked.wanted, in_url=asked.in_url)
    moved_of = _number(_text(request, "moved_of"))
    if kind == "moved" and moved_of:
        return Selection(moved_of=_find(moved_of).id)
    ticked = [one.replace("\x00", "") for one in request.POST.getlist("account")]
    return Selection(account_ids=ticked) if ticked else Drafted(None, "nothing", "Tick at least one account.")


def _do(request: HttpRequest, run: BulkRun, deed: str, reason: str) -> BulkDone:
    do = STARTS.get(deed) or partial(steer_bulk_repair, deed=Steer(deed))
    return do(
        run.id,
        actor=actor_of(request),
        groups=groups_of(request.user),
        reason=reason,
        now=timezone.now(),
        request_id=current_request_id(),
    )


def _show(request: HttpRequest, run: BulkRun, typed: Typed, *, status: int = 200) -> HttpResponse:
    outcome, after = _outcome(request), _number(request.GET.get("after", ""))
    lines = bulk_lines(run.id, outcome=outcome, after=after, limit=PAGE + 1)
    page = bulk_page(
        run,
        lines,
        _rights(request, run),
        typed=typed,
        outcome=outcome,
        after=after,
        size=PAGE,
        now=timezone.now(),
    )
    if request.GET.get("seen") == page.seen:
        return HttpResponse(status=204)
    return render_page(request, "bulk_repair", {"page": page}, status=status)


def _list(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    below = _number(request.GET.get("below", "")) or None
    page = bulk_list(bulk_runs(below=below, limit=PAGE + 1), size=PAGE, problem=problem)
    return render_page(request, "bulk_repairs", {"page": page}, status=status)


def _rights(request: HttpRequest, run: BulkRun) -> Rights:
    person = request.user
    is_own = run.actor == actor_of(request)
    like_it = may_start_bulk(person, accounts=run.accounts, any_severe=run.any_severe)
    steers = may(person, Right.START_SMALL_BULK)
    another = Permission(False, "Somebody else drafted it, and starts it.")
    return Rights(
        start=like_it if is_own else another,
        second=may_second_bulk(person, starter=name_of(run.actor)),
        pause=steers,
        go_on=like_it,
        cancel=steers if is_own else like_it,
    )


def _find(run_id: int) -> BulkRun:
    run = bulk_run(run_id) if run_id < 2**63 else None
    if run is None:
        raise Http404
    return run


def _outcome(request: HttpRequest) -> str:
    asked = request.GET.get("outcome", "")
    return asked if asked in {*OUTCOMES, OPEN.code} else ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "").replace("\r\n", "\n").strip()
