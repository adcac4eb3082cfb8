"""One account of a bulk repair."""

from celery import shared_task
from django.utils import timezone

from recon.actions import repair_drifted


@shared_task(name="recon.repair_item")
def repair_item(item_id: int) -> None:
    """Apply the plan that was approved, or keep why not."""
    repair_drifted.repair_item(item_id, clock=timezone.now)
