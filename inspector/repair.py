"""The page of one repair for one request: when it is asked for, and again when its undo's form was not taken."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from inspector.access import may_apply, may_govern, may_propose
from inspector.display.approval import NOTHING_TYPED, Typed
from inspector.display.repair_page import RepairPage, repair_page
from inspector.display.undo import UndoStanding, UndoView, undo_view
from inspector.look_log import log_look
from inspector.rendering import render_page
from recon.engine.answer import cell_json
from recon.queries.account import AccountView, account_view
from recon.queries.pauses import in_the_way
from recon.queries.repairs import Repair, repair
from recon.queries.undo import undo_of


def find_repair(repair_id: UUID) -> Repair:
    """Raises Http404."""
    found = repair(repair_id)
    if found is None:
        raise Http404
    return found


def show_repair(
    request: HttpRequest, found: Repair, *, typed: Typed = NOTHING_TYPED, said: str = "", status: int = 200
) -> HttpResponse:
    """Whoever asks for the fragment again, and names what they have `seen`, is told nothing while nothing changed.
    `typed` stands in the undo's form, `said` is why it was not taken."""
    log_look(request, found.account_id, by="repair")
    view = None if found.is_live else account_view(found.account_id)
    page = _page(request, found, view)
    if request.GET.get("seen") == page.seen:
        return HttpResponse(status=204)
    undo = _undo(request, found, view, typed, said)
    return render_page(request, "repair", {"page": page, "undo": undo}, status=status)


def _page(request: HttpRequest, found: Repair, view: AccountView | None) -> RepairPage:
    person = request.user
    permission = may_propose(person) if found.proposal else may_apply(person, view.risk if view else found.risk)
    return repair_page(found, view, permission=permission, username=person.get_username(), now=timezone.now())


def _undo(request: HttpRequest, found: Repair, view: AccountView | None, typed: Typed, said: str) -> UndoView | None:
    """A repair that is under way is followed every second, and nobody undoes it before it is over."""
    undo = undo_of(found.id, view) if found.undoes or not found.is_live else None
    if undo is None:
        return None
    plan = undo.inverse.plan if undo.inverse else None
    way = in_the_way((), [cell_json(write) for write in plan.writes] if plan else (), has_cells=False)
    standing = UndoStanding(
        permission=may_apply(request.user, plan.risk if plan else None),
        pause=way.pause,
        may_override=may_govern(request.user).allowed,
        read_only=way.read_only,
    )
    return undo_view(undo, standing, typed=typed, said=said, now=timezone.now())
