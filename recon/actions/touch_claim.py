"""Keep an account in hand: whoever has it is at work on it."""

from datetime import datetime

from recon.models import WorkClaim
from recon.queries.queue_filter import CLAIM_LASTS


def touch_claim(account_id: str, *, person: str, now: datetime) -> None:
    """Nothing where the person has it not, or had it too long ago; a clock that was set back shortens nothing."""
    live = WorkClaim.objects.filter(account_id=account_id, person=person, touched_at__gt=now - CLAIM_LASTS)
    live.filter(touched_at__lt=now).update(touched_at=now)
