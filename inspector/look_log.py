"""Record whose data a request shows: called by every page that shows an account, once what it shows is known."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.utils import timezone

from inspector.actor import actor_of
from inspector.request_id import current_request_id
from recon.actions.log_look_up import log_look_up


def log_look(request: HttpRequest, account_ids: str | Iterable[str], *, by: str) -> None:
    """`by` is the page, as "account", "search" or "repair"."""
    actor = actor_of(request)
    log_look_up(account_ids, actor=actor, by=by, now=timezone.now(), request_id=current_request_id())
