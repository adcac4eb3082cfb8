"""Give an account out of one's hand."""

from datetime import datetime

from recon.models import WorkClaim
from recon.queries.queue_filter import CLAIM_LASTS


def release_account(account_id: str, *, person: str, now: datetime) -> bool:
    """Whether one had it. Somebody else's stays theirs; what ended by itself is cleared away."""
    mine = WorkClaim.objects.filter(account_id=account_id, person=person)
    had = mine.filter(touched_at__gt=now - CLAIM_LASTS).exists()
    mine.delete()
    return had
