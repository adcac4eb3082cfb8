"""Settle a finding about an event: a person has looked, and it leaves the list."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from recon.actions.authority import Right, holds
from recon.actions.replay_event import named
from recon.actions.settled import DONE, MAY_NOT_IGNORE, Settled
from recon.apply.record import Entry, record
from recon.models import InboxFinding
from recon.words import reason_in

NOT_OPEN: Final = Settled(False, "not_open", "There is no such finding, or somebody has settled it.")


def settle_finding(
    finding_id: int, *, actor: str, groups: Iterable[str], reason: str, now: datetime, request_id: str = ""
) -> Settled:
    """ValueError without a reason. Codes: forbidden, not_open. The same thing found again of the same event stays
    settled."""
    if not holds(groups, Right.IGNORE):
        return MAY_NOT_IGNORE
    said = reason_in(reason)
    with transaction.atomic():
        open_one = InboxFinding.objects.select_for_update(of=("self",)).filter(settled_at__isnull=True)
        finding = open_one.select_related("event").defer("event__body").filter(id=finding_id).first()
        if finding is None:
            return NOT_OPEN
        finding.settled_at, finding.settled_by = now, actor
        finding.save(update_fields=["settled_at", "settled_by"])
        after = {"event": named(finding.event), "finding": finding.kind, "settled": True}
        record(
            Entry(
                actor=actor,
                action="finding.settled",
                reason=said,
                before={"settled": False},
                after=after,
                request_id=request_id,
            )
        )
    return DONE
