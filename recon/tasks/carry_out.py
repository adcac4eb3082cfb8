"""Carry out approvals: the one that woke us, or by the schedule those that nobody took."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from recon.actions import carry_out as carrying


@shared_task(name="recon.carry_out")
def carry_out(apply_id: str) -> None:
    """One approval; one that was carried out already is left alone."""
    carrying.carry_out(UUID(apply_id))


@shared_task(name="recon.carry_out_waiting")
def carry_out_waiting() -> None:
    """Each as a task of its own, so that a slow one holds up no other."""
    carrying.carry_out_waiting(lambda apply_id: carry_out.delay(str(apply_id)), now=timezone.now())
