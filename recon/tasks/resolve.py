"""Find the accounts of events that came before their customers were known."""

from celery import shared_task
from django.utils import timezone

from recon import bootstrap
from recon.actions import resolve_events as resolving

AT_ONCE = 50


@shared_task(name="recon.resolve_events")
def resolve_events() -> None:
    """All that are due."""
    while resolving.resolve_events(bootstrap.stripe_store(), now=timezone.now(), limit=AT_ONCE) == AT_ONCE:
        continue
