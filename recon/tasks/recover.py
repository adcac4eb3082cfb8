"""Settle what a crash left in doubt, by the schedule."""

from celery import shared_task

from recon.actions import recover as recovering


@shared_task(name="recon.recover")
def recover() -> None:
    """Every apply that nobody finishes any more, and late branches on the servers."""
    recovering.recover()
