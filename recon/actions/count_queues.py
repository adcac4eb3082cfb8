"""Count every queue, and keep the counts: what a queue says of itself when it is too long to count for a page."""

from datetime import datetime

from django.db import transaction

from recon.models import QueueCount
from recon.queries.queue_totals import count_lists, owed_as_json


def count_queues(*, now: datetime) -> None:
    """The counts replace those before; one that a later clock made stays."""
    rows = [
        QueueCount(queue=name, at=now, accounts=totals.accounts or 0, owed=owed_as_json(totals.owed))
        for name, totals in sorted(count_lists(now).items())
    ]
    with transaction.atomic():
        if QueueCount.objects.select_for_update().filter(at__gt=now).exists():
            return
        QueueCount.objects.all().delete()
        QueueCount.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["queue"], update_fields=["at", "accounts", "owed"]
        )
