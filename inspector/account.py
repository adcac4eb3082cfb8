"""The account's page for one request: when it is asked for, and again when a form on it was not right."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from inspector.access import may_apply, may_govern, may_propose
from inspector.display.account import account_page
from inspector.display.address import Address
from inspector.display.approval import NOTHING_TYPED, Typed
from inspector.display.case_decisions import DecisionView
from inspector.display.cases import NO_CASE, TypedCase
from inspector.display.foot import Standing, foot
from inspector.display.notes import NOTHING_NOTED, TypedNote
from inspector.display.undo import undone_words
from inspector.display.work import NO_SNOOZE, TypedSnooze
from inspector.look_log import log_look
from inspector.rendering import render_page
from inspector.story import story
from inspector.work import work_on
from recon.actions.foresee import foresee_events
from recon.queries.account import AccountView, account_view
from recon.queries.facts import account_facts
from recon.queries.pauses import in_the_way
from recon.queries.repairs import last_repair
from recon.queries.undone import standing_undos


def find_account(account_id: str) -> AccountView:
    """Raises Http404 for what was never evaluated; PostgreSQL's text holds no null byte."""
    view = account_view(account_id) if "\x00" not in account_id else None
    if view is None:
        raise Http404
    return view


def show_account(
    request: HttpRequest,
    view: AccountView,
    *,
    typed: Typed = NOTHING_TYPED,
    noted: TypedNote = NOTHING_NOTED,
    put_off: TypedSnooze = NO_SNOOZE,
    decided: TypedCase = NO_CASE,
    status: int = 200,
) -> HttpResponse:
    """`typed`, `noted`, `put_off` and `decided` are what stands in the forms already, with what is wrong with it."""
    log_look(request, view.account_id, by="account")
    now = timezone.now()
    address = Address.asked(view.account_id, request.GET)
    plan_permission = may_apply(request.user, view.risk)
    known = account_facts(view, whole=address.all_facts)
    page = account_page(
        view,
        known,
        foresee_events(view.account_id, view.writes),
        permission=plan_permission,
        reader=request.user,
        decided=decided,
        address=address,
        now=now,
    )
    approving = foot(
        view,
        _standing(request, view, page.cases.accepted),
        typed=typed,
        now=now,
    )
    context = {"page": page, "foot": approving, "story": story(request, view, known, now, noted)}
    context["work"] = work_on(request, view.account_id, put_off, now)
    # Asked only where something was ever undone: the others' pages ask as little as before.
    undone = standing_undos([view.account_id]).get(view.account_id) if view.has_undos else None
    context["undone"] = undone_words(undone, now)
    return render_page(request, "account", context, status=status)


def _standing(request: HttpRequest, view: AccountView, accepted: DecisionView | None) -> Standing:
    way = in_the_way(view.classes, view.writes, has_cells=bool(view.cells))
    return Standing(
        plan=may_apply(request.user, view.risk),
        proposals=may_propose(request.user),
        pause=way.pause,
        may_override=may_govern(request.user).allowed,
        observed=way.observed,
        accepted=f"until {accepted.until} by {accepted.by}: “{accepted.reason}”" if accepted else "",
        read_only=way.read_only,
        last=last_repair(view.account_id),
    )
