"""Show that the schedule calls and a worker answers, and whether the stores do."""

from celery import shared_task
from django.utils import timezone

from recon import bootstrap
from recon.actions import check_stores as checking
from recon.actions.take_pulse import take_pulse


@shared_task(name="recon.pulse")
def pulse() -> None:
    """Sent by beat alone, so whoever does it has heard of both."""
    take_pulse("worker", "beat", now=timezone.now())


@shared_task(name="recon.check_stores")
def check_stores() -> None:
    """Do all six answer?"""
    checking.check_stores(bootstrap.readers(), clock=timezone.now)
