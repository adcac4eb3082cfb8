"""Forget what is older than the settings keep, by the schedule each night."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from recon.actions import prune as pruning
from recon.actions.idempotent_request import forget_requests


@shared_task(name="recon.prune")
def prune() -> None:
    """Snapshots with evaluations and runs, events out and in, and look-ups, each for its own number of days; and calls
    whose keys are forgotten."""
    now = timezone.now()
    pruning.prune(
        before=now - timedelta(days=settings.SNAPSHOT_DAYS),
        events_before=now - timedelta(days=settings.EVENT_DAYS),
        inbox_before=now - timedelta(days=settings.INBOX_DAYS),
    )
    forget_requests(now=now)
    pruning.prune_look_ups(before=now - timedelta(days=settings.LOOK_UP_DAYS), actor="task:prune")
