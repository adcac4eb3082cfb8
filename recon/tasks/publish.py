"""Tell the others what happened: woken after each commit that told something, and by the schedule."""

import logging

import redis
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from recon import bootstrap
from recon.actions import publish_events as publishing

log = logging.getLogger(__name__)


@shared_task(name="recon.publish_events")
def publish_events() -> None:
    """Everything in the outbox that was not published yet; a stream out of reach is tried again by the schedule."""
    try:
        publishing.publish_events(bootstrap.event_stream(), now=timezone.now(), most_kept=settings.EVENT_STREAM_MAXLEN)
    except redis.RedisError as error:
        log.warning("events wait: the stream cannot be reached", extra={"error": type(error).__name__})
