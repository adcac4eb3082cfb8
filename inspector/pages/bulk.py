"""One bulk repair: see what it amounts to, start, approve and steer it, follow it to its end."""

from collections.abc import Callable, Mapping
from functools import partial

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inspector.access import (
    Permission,
    groups_of,
    lookers_only,
    may,
    may_propose,
    may_second_bulk,
    may_start_bulk,
    needs,
)
from inspector.actor import actor_of
from inspector.display.bulk import Rights, bulk_page, csv_rows
from inspector.display.bulk_words import OPEN, OUTCOMES
from inspector.display.csv import csv_lines
from inspector.display.deed_form import Typed
from inspector.pages.approve import SeeOther
from inspector.pages.bulk_list import find_run, number_in
from inspector.posted import text_of
from inspector.rendering import render_page
from inspector.request_id import current_request_id
from recon.actions.authority import Right
from recon.actions.bulk_settled import BulkDone
from recon.actions.start_bulk_repair import approve_bulk_repair, start_bulk_repair
from recon.actions.steer_bulk_repair import Steer, steer_bulk_repair
from recon.actors import name_of
from recon.queries.bulk import BulkRun, bulk_lines, every_bulk_line
from recon.queries.bulk_plans import proposing_of_run
from recon.queries.tokens import who_answers_for

PAGE = 50
FINAL_LENGTH = 10
ENDED = frozenset({"done", "cancelled"})
REASON_LENGTH = 500
STARTS: Mapping[str, Callable[..., BulkDone]] = {"start": start_bulk_repair, "approve": approve_bulk_repair}


@require_safe
@lookers_only
def bulk_repair(request: HttpRequest, run_id: int) -> HttpResponse:
    """Whoever asks again, and names what they have `seen`, is told nothing while nothing changed."""
    return _show(request, find_run(run_id), Typed())


@require_POST
@needs(Right.START_SMALL_BULK)
def steer_bulk(request: HttpRequest, run_id: int, deed: str) -> HttpResponse:
    """Start, approve, pause, resume or cancel; without a reason, or the number of final calls, the page again (422);
    where it cannot be done now the page with why not (409)."""
    run = find_run(run_id)
    if deed not in {*STARTS, *Steer}:
        raise Http404
    reason = text_of(request, "reason")[:REASON_LENGTH]
    final = text_of(request, "final")[:FINAL_LENGTH]
    try:
        done = _do(request, run, deed, reason, final)
    except ValueError as error:
        return _show(request, run, Typed(reason, str(error), final), status=422)
    if done.code == "unconfirmed":
        return _show(request, run, Typed(reason, "", final, done.sentence), status=422)
    if done.code == "forbidden":
        raise PermissionDenied(done.sentence)
    if done.code:
        return _show(request, find_run(run_id), Typed(reason, done.sentence), status=409)
    return SeeOther(reverse("bulk_repair", args=[run_id]))


@require_safe
@lookers_only
def bulk_csv(request: HttpRequest, run_id: int) -> StreamingHttpResponse:
    """What came of every account, or of those with one outcome, sent as it is read."""
    run = find_run(run_id)
    rows = csv_rows(every_bulk_line(run.id, outcome=_outcome(request)), is_of_proposals=run.is_of_proposals)
    answer = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="bulk-repair-{run.id}.csv"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _do(request: HttpRequest, run: BulkRun, deed: str, reason: str, final: str) -> BulkDone:
    do = STARTS.get(deed) or partial(steer_bulk_repair, deed=Steer(deed))
    if deed == "start":
        do = partial(start_bulk_repair, final_calls=final)
    return do(
        run.id,
        actor=actor_of(request),
        groups=groups_of(request.user),
        reason=reason,
        now=timezone.now(),
        request_id=current_request_id(),
    )


def _show(request: HttpRequest, run: BulkRun, typed: Typed, *, status: int = 200) -> HttpResponse:
    outcome, after = _outcome(request), number_in(request.GET.get("after", ""))
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
        still_proposing=proposing_of_run(run.id) if run.state in ENDED and may_propose(request.user).allowed else 0,
    )
    if request.GET.get("seen") == page.seen:
        return HttpResponse(status=204)
    return render_page(request, "bulk_repair", {"page": page}, status=status)


def _rights(request: HttpRequest, run: BulkRun) -> Rights:
    person = request.user
    is_own = run.actor == actor_of(request)
    like_it = may_start_bulk(person, accounts=run.accounts, any_severe=run.any_severe)
    steers = may(person, Right.START_SMALL_BULK)
    another = Permission(False, "Somebody else drafted it, and starts it.")
    return Rights(
        start=like_it if is_own else another,
        second=may_second_bulk(person, starter=name_of(who_answers_for(run.actor))),
        pause=steers,
        go_on=like_it,
        cancel=steers if is_own else like_it,
    )


def _outcome(request: HttpRequest) -> str:
    asked = request.GET.get("outcome", "")
    return asked if asked in {*OUTCOMES, OPEN.code} else ""
