"""Recompute accounts that something happened to."""

from celery import shared_task
from django.utils import timezone

from recon.actions import equipment
from recon.actions.dirty import mark_dirty, mark_due
from recon.actions.end_acceptances import end_acceptances
from recon.actions.recompute_dirty import recompute_dirty
from recon.actions.recompute_many import recompute_many

AT_ONCE = 4  # fewer than a lease lasts, also when every store is slow


@shared_task(name="recon.recompute_account")
def recompute_account(account_id: str) -> None:
    """One account now; when another worker has it, the mark makes that one, or the schedule, look again."""
    mark_dirty([account_id], now=timezone.now())
    recompute_dirty(equipment.sweeper(), limit=1, account_ids=[account_id])


@shared_task(name="recon.recompute_due")
def recompute_due() -> None:
    """What is marked dirty, and what time alone has changed; by the schedule."""
    end_acceptances(now=timezone.now())
    mark_due(now=timezone.now())
    while recompute_many(equipment.sweeper()):
        continue
    while recompute_dirty(equipment.sweeper(), limit=AT_ONCE) == AT_ONCE:
        continue
