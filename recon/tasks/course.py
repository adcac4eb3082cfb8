"""Keep the drift's course, by the schedule."""

from celery import shared_task
from django.utils import timezone

from recon.actions import keep_point as keeping
from recon.actions.count_queues import count_queues


@shared_task(name="recon.keep_point")
def keep_point() -> None:
    """A point where something changed since the last one, and one an hour in any case; the queues are counted anew."""
    keeping.keep_point(now=timezone.now())
    count_queues(now=timezone.now())
