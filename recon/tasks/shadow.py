"""Compare what others write with what the engine would have written, by the schedule."""

from celery import shared_task
from django.utils import timezone

from recon.actions import keep_shadow as keeping


@shared_task(name="recon.keep_shadow")
def keep_shadow() -> None:
    """What was found since the last time."""
    keeping.keep_shadow(now=timezone.now())
