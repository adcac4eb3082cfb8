"""Forget a saved filter of one's own."""

from recon.models import SavedFilter


def forget_filter(filter_id: int, *, person: str) -> None:
    """Somebody else's, or one that is no more: nothing."""
    SavedFilter.objects.filter(id=filter_id, person=person).delete()
