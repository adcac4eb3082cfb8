"""Bulk repairs: drive those that run, by the schedule or when somebody wakes; and one account of one."""

from celery import shared_task
from django.utils import timezone

from recon.actions import drive_bulk_repairs as driving
from recon.actions import repair_bulk_item as repairing


@shared_task(name="recon.drive_bulk_repairs")
def drive_bulk_repairs() -> None:
    """Hand out what nobody has, and settle what was in doubt."""
    repairing.settle_doubts(now=timezone.now())
    driving.drive_bulk_repairs(now=timezone.now())


@shared_task(name="recon.bulk_item")
def bulk_item(item_id: str, tries: str) -> None:
    """Apply the plan that was frozen, or keep why not; whoever is done hands the next one out."""
    repairing.repair_bulk_item(int(item_id), int(tries), clock=timezone.now)
