"""Ignore an event whose account was not found: it is not looked for any more."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from recon.actions.authority import Right, holds
from recon.actions.replay_event import UNKNOWN, named
from recon.actions.settled import DONE, MAY_NOT_IGNORE, Settled
from recon.apply.record import Entry, record
from recon.models import Inbox, InboxStatus
from recon.words import reason_in

NOT_WAITING: Final = Settled(False, "not_waiting", "Nobody looks for its account any more: it was found, or ignored.")
OPEN: Final = (InboxStatus.UNROUTED, InboxStatus.DEAD)


def ignore_event(
    event_id: int, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> Settled:
    """`event_id` is our number of it. ValueError without a reason. Codes: forbidden, unknown, not_waiting.

    A later event of the same customer is looked for as any other.
    """
    if not holds(groups, Right.IGNORE):
        return MAY_NOT_IGNORE
    said = reason_in(reason)
    with transaction.atomic():
        event = Inbox.objects.select_for_update().defer("body").filter(id=event_id).first()
        if event is None:
            return UNKNOWN
        if event.status not in OPEN:
            return NOT_WAITING
        before = {"status": event.status}
        event.status, event.next_at, event.note = InboxStatus.IGNORED, None, f"ignored by {actor}: {said}"
        event.save(update_fields=["status", "next_at", "note"])
        after = {"event": named(event), "status": event.status}
        record(
            Entry(
                actor=actor,
                action="event.ignored",
                reason=said,
                before=before,
                after=after,
                request_id=request_id,
            )
        )
    return DONE
