"""What the modes let the engine repair by itself."""

from celery import shared_task
from django.utils import timezone

from recon.actions import repair_automatically as automatic


@shared_task(name="recon.repair_automatically")
def repair_automatically() -> None:
    """By the schedule; each repair is carried out as a task of its own."""
    automatic.repair_automatically(now=timezone.now())
