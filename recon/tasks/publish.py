"""Tell the others what happened, by the schedule."""

from celery import shared_task
from django.utils import timezone

from recon import bootstrap
from recon.actions import publish_events as publishing


@shared_task(name="recon.publish_events")
def publish_events() -> None:
    """Everything in the outbox that was not published yet."""
    publishing.publish_events(bootstrap.event_stream(), now=timezone.now())
