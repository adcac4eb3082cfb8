"""Undo a repair from its page's form; whoever may not is told, and the attempt recorded."""

from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from inspector.access import groups_of, lookers_only, may_apply
from inspector.actor import actor_of
from inspector.display.approval import REASON_LENGTH, Typed
from inspector.display.undo import said_words
from inspector.pages.approve import DIGEST_LENGTH, KEY_LENGTH, SeeOther, reason_error
from inspector.posted import text_of
from inspector.repair import find_repair, show_repair
from inspector.request_id import current_request_id
from recon.actions.approve_undo import approve_undo


@require_POST
@lookers_only
def undo(request: HttpRequest, repair_id: UUID) -> HttpResponse:
    """To the undo's own page when it is approved; the repair's page again when the form is not filled in right (422) or
    it may not be done (409), with the undo as it is now."""
    found = find_repair(repair_id)
    reason = text_of(request, "reason")
    typed = Typed(reason[: 2 * REASON_LENGTH], reason_error=reason_error(reason))
    if typed.reason_error:
        return show_repair(request, found, typed=typed, status=422)
    approved = approve_undo(
        repair_id,
        digest=text_of(request, "digest")[:DIGEST_LENGTH],
        actor=actor_of(request),
        groups=groups_of(request.user),
        reason=reason,
        request_id=current_request_id(),
        request_key=text_of(request, "request_key")[:KEY_LENGTH] or str(uuid4()),
        overrides_pause=text_of(request, "override") == "on",
    )
    if approved.apply_id is not None:
        return SeeOther(reverse("repair", args=[approved.apply_id]))
    if approved.code == "forbidden":
        raise PermissionDenied(may_apply(request.user, "severe").why_not or approved.sentence)
    said = said_words(approved.code, approved.sentence)
    return show_repair(request, found, typed=typed, said=said, status=409)
