"""Let an account that was put off come back now."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from recon.actions.authority import Right, holds
from recon.apply.record import Entry, record
from recon.models import Snooze


def end_snooze(account_id: str, *, actor: str, groups: Iterable[str], now: datetime, request_id: str = "") -> bool:
    """Whether it was put off and one may; whoever may put off may take that back, also another's."""
    if not holds(groups, Right.WORK):
        return False
    with transaction.atomic():
        snooze = Snooze.objects.select_for_update().filter(account_id=account_id, until__gt=now).first()
        if snooze is None:
            return False
        snooze.delete()
        record(
            Entry(
                actor=actor,
                action="snooze.ended",
                reason="taken back before its day",
                account=account_id,
                before={"until": snooze.until},
                after={"until": None},
                request_id=request_id,
            )
        )
    return True
