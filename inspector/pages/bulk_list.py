"""All bulk repairs; and begin one, of repairs or of Stripe proposals, from a list of accounts or from another run."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inspector.access import groups_of, lookers_only, may_propose, needs
from inspector.actor import actor_of
from inspector.display.bulk_list import bulk_list
from inspector.display.queue_filter import asked_queue
from inspector.pages.approve import SeeOther
from inspector.posted import text_of
from inspector.rendering import render_page
from inspector.request_id import current_request_id
from recon.actions.authority import Right
from recon.actions.draft_bulk_proposals import ProposalsOf, draft_bulk_proposals
from recon.actions.draft_bulk_repair import Drafted, Selection, draft_bulk_repair
from recon.queries.bulk import BulkRun, bulk_run, bulk_runs
from recon.queries.bulk_plans import proposals_waiting
from recon.words import storable

PAGE = 50
QUERY_LENGTH = 2_000
KEY_LENGTH = 64
VERB_LENGTH = 64
Asked = Selection | ProposalsOf


@require_safe
@lookers_only
def bulk_repairs(request: HttpRequest) -> HttpResponse:
    return _list(request)


@require_POST
@needs(Right.START_SMALL_BULK)
def begin_bulk(request: HttpRequest) -> HttpResponse:
    """From what was ticked, from all that a list's filter matches, or from what had moved in another run; to the
    draft's page, or why nothing was begun (422)."""
    return _begin(request, _selection, draft_bulk_repair)


@require_POST
@needs(Right.START_BULK)
def begin_proposals(request: HttpRequest) -> HttpResponse:
    """The same for the proposals to Stripe of these accounts, of the accounts of another run, or of all that wait."""
    return _begin(request, _proposals, draft_bulk_proposals)


def find_run(run_id: int) -> BulkRun:
    run = bulk_run(run_id) if run_id < 2**63 else None
    if run is None:
        raise Http404
    return run


def number_in(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _begin(
    request: HttpRequest, asked_in: Callable[[HttpRequest, datetime], Asked | Drafted], draft: Callable[..., Drafted]
) -> HttpResponse:
    now = timezone.now()
    asked = asked_in(request, now)
    if not isinstance(asked, Drafted):
        asked = draft(
            asked,
            actor=actor_of(request),
            groups=groups_of(request.user),
            request_key=_key(request),
            now=now,
            request_id=current_request_id(),
        )
    return _to(request, asked)


def _to(request: HttpRequest, drafted: Drafted) -> HttpResponse:
    if drafted.run_id is not None:
        return SeeOther(reverse("bulk_repair", args=[drafted.run_id]))
    return _list(request, problem=drafted.sentence, status=422)


def _selection(request: HttpRequest, now: datetime) -> Selection | Drafted:
    kind = text_of(request, "of")
    if kind == "all":
        asked = asked_queue(QueryDict(text_of(request, "query")[:QUERY_LENGTH]), person=actor_of(request), now=now)
        if asked.problems:
            return Drafted(None, "filter", f"{' '.join(asked.problems)} Nothing was started.")
        return Selection(wanted=asked.wanted, in_url=asked.in_url, shown=_shown(request))
    moved_of = number_in(text_of(request, "moved_of"))
    if kind == "moved" and moved_of:
        return Selection(moved_of=find_run(moved_of).id)
    ticked = [storable(one) for one in request.POST.getlist("account")]
    return Selection(account_ids=ticked) if ticked else Drafted(None, "nothing", "Tick at least one account.")


def _proposals(request: HttpRequest, now: datetime) -> ProposalsOf | Drafted:
    kind, verb = text_of(request, "of"), text_of(request, "verb")[:VERB_LENGTH]
    if kind == "waiting":
        return ProposalsOf(verb=verb)
    of_run = number_in(text_of(request, "run"))
    if kind == "run" and of_run:
        return ProposalsOf(of_run=find_run(of_run).id)
    selection = _selection(request, now)
    if isinstance(selection, Drafted):
        return selection
    if selection.moved_of is not None:
        verb = str(find_run(selection.moved_of).selection.get("verb", ""))
    return ProposalsOf(selection, verb=verb)


def _list(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    below = number_in(request.GET.get("below", "")) or None
    waiting = proposals_waiting() if below is None else []
    runs = bulk_runs(below=below, limit=PAGE + 1)
    page = bulk_list(runs, waiting, may_propose(request.user), size=PAGE, problem=problem)
    return render_page(request, "bulk_repairs", {"page": page}, status=status)


def _key(request: HttpRequest) -> str:
    return text_of(request, "request_key")[:KEY_LENGTH] or str(uuid4())


def _shown(request: HttpRequest) -> int | None:
    """How many accounts the list said there were, where it said so."""
    text = text_of(request, "shown")
    return number_in(text) if text else None
