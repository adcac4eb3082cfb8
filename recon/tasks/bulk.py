"""Bulk repairs: drive those that run, by the schedule or when somebody wakes; and some accounts of one."""

from typing import Final

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from recon.actions import drive_bulk_repairs as driving
from recon.actions import repair_bulk_items as repairing


@shared_task(name="recon.drive_bulk_repairs")
def drive_bulk_repairs() -> None:
    """Hand out what nobody has, and settle what was in doubt."""
    repairing.settle_doubts(now=timezone.now())
    driving.drive_bulk_repairs(now=timezone.now())


# A host that reaches the broker and not our database fails faster than others work, and would draw all tasks to itself.
CUT_OFF: Final = (OperationalError, InterfaceError)


@shared_task(name="recon.bulk_items", autoretry_for=CUT_OFF, default_retry_delay=2, max_retries=5)
def bulk_items(*handed: str) -> None:
    """Apply the plans that were frozen, or keep why not; whoever is done hands the next ones out. Each of `handed` is
    `item:tries`."""
    items = [(int(item), int(tries)) for item, _, tries in (one.partition(":") for one in handed)]
    repairing.repair_bulk_items(items, clock=timezone.now)
