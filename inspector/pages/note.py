"""Add a note to an account; what was refused comes back with its words still in the form."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from inspector.access import groups_of, needs
from inspector.account import find_account, show_account
from inspector.actor import actor_of
from inspector.display.notes import TypedNote
from inspector.request_id import current_request_id
from recon.actions.add_note import add_note
from recon.actions.authority import Right


@require_POST
@needs(Right.NOTE)
def note(request: HttpRequest, account_id: str) -> HttpResponse:
    view = find_account(account_id)
    text = request.POST.get("text", "")
    noted = add_note(
        account_id,
        text,
        actor=actor_of(request),
        groups=groups_of(request.user),
        now=timezone.now(),
        request_id=current_request_id(),
    )
    if noted.note_id is None:
        return show_account(request, view, noted=TypedNote(text, noted.sentence), status=422)
    return redirect(f"{request.path.removesuffix('notes/')}#notes")
