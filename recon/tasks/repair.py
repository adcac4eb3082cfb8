"""Repairs that a worker begins: one account of a bulk repair, and what the modes let the engine do by itself."""

from celery import shared_task
from django.utils import timezone

from recon.actions import repair_automatically as automatic
from recon.actions import repair_drifted


@shared_task(name="recon.repair_item")
def repair_item(item_id: int) -> None:
    """Apply the plan that was approved, or keep why not."""
    repair_drifted.repair_item(item_id, clock=timezone.now)


@shared_task(name="recon.repair_automatically")
def repair_automatically() -> None:
    """By the schedule; each repair is carried out as a task of its own."""
    automatic.repair_automatically(now=timezone.now())
