"""One account, the inspector: verdict line, truth matrix, facts, plan, findings, what was done, and the foot."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from inspector.access import lookers_only
from inspector.account import find_account, show_account
from inspector.actor import actor_of
from inspector.display.address import Address
from inspector.display.approval import NOTHING_TYPED, Typed
from inspector.display.notes import NOTHING_NOTED, TypedNote
from inspector.kept_reason import NOTE_KEPT, REASON_KEPT, take_kept
from recon.actions.look_again import look_again
from recon.queries.answers import latest_answer


@require_safe
@lookers_only
def account(request: HttpRequest, account_id: str) -> HttpResponse:
    """What was typed here when a session had ended stands in its form again."""
    view = find_account(account_id)
    kept = take_kept(request, account_id)
    reason, note = kept.get("reason", ""), kept.get("text", "")
    return show_account(
        request,
        view,
        typed=Typed(reason, kept.get("proposal", ""), kept=REASON_KEPT) if reason else NOTHING_TYPED,
        noted=TypedNote(note, kept=NOTE_KEPT) if note else NOTHING_NOTED,
    )


@require_POST
@lookers_only
def recompute(request: HttpRequest, account_id: str) -> HttpResponse:
    """Reads the six stores now; the answer is the account's page, with or without script. Who typed an id that is none
    is back where they searched."""
    if "\x00" in account_id:
        raise Http404
    look_again(account_id, actor=actor_of(request))
    if latest_answer(account_id) is None:
        messages.info(request, f"All six stores answered, and none knows {account_id}.")
        return redirect(f"{reverse('search')}?{urlencode({'q': account_id})}")
    return redirect(Address.asked(account_id, request.GET).href())
