"""Replay or ignore what a page's form asks for, and tell the person what came of it."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from inspector.access import groups_of
from inspector.actor import actor_of
from inspector.display.failed import Typed
from inspector.display.settling import outcome_words
from inspector.request_id import current_request_id
from recon.actions.settle_ticked import Deed, Ticked, settle_ticked

REASON_LENGTH = 500


def settle(request: HttpRequest, ticked: Ticked, deed: Deed) -> Typed | None:
    """None when it was done; what was typed, and what is wrong with it, when nothing was."""
    reason = request.POST.get("reason", "")[:REASON_LENGTH]
    try:
        outcome = settle_ticked(
            ticked,
            deed,
            actor=actor_of(request),
            groups=groups_of(request.user),
            reason=reason,
            now=timezone.now(),
            request_id=current_request_id(),
        )
    except ValueError as error:
        accounts = (one.account_id for one in ticked.accounts)
        names = frozenset((*accounts, *map(str, (*ticked.events, *ticked.findings))))
        return Typed(reason, str(error), names)
    messages.info(request, outcome_words(outcome, deed))
    return None
