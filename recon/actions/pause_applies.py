"""Stop all applies at once, or let them begin again: read by every claim, so it holds for pages, API and bulk alike.

What has begun is finished: a repair cut off in the middle would be worse than one more.
"""

from datetime import datetime

from django.db import transaction

from recon.apply.record import Entry, record
from recon.models import Switch
from recon.words import reason_in


def pause_applies(*, actor: str, reason: str, now: datetime, request_id: str = "") -> None:
    """ValueError without a reason."""
    _set(True, actor=actor, reason=reason, now=now, request_id=request_id)


def resume_applies(*, actor: str, reason: str, now: datetime, request_id: str = "") -> None:
    """ValueError without a reason."""
    _set(False, actor=actor, reason=reason, now=now, request_id=request_id)


def _set(paused: bool, *, actor: str, reason: str, now: datetime, request_id: str) -> None:
    said = reason_in(reason, "Say why: everybody who cannot apply will ask.")
    with transaction.atomic():
        before = Switch.objects.select_for_update().filter(name=Switch.APPLIES_PAUSED, is_on=True).exists()
        Switch.objects.update_or_create(
            name=Switch.APPLIES_PAUSED,
            defaults={"is_on": paused, "reason": said, "set_by": actor, "set_at": now},
        )
        record(
            Entry(
                actor=actor,
                action="applies.paused" if paused else "applies.resumed",
                reason=said,
                before={"paused": before},
                after={"paused": paused},
                request_id=request_id,
            )
        )
