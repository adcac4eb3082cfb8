"""Previews of a policy: drive those that are under way, and do one chunk of one."""

from celery import shared_task
from django.utils import timezone

from recon.actions import preview_policy as previewing


@shared_task(name="recon.drive_policy_previews")
def drive_policy_previews() -> None:
    """Hand out what nobody has, and add up what is done."""
    previewing.drive_policy_previews(now=timezone.now())


@shared_task(name="recon.preview_policy_chunk")
def preview_policy_chunk(chunk_id: str) -> None:
    """Try it out on some hundred accounts; whoever is done hands the next ones out."""
    previewing.preview_chunk(int(chunk_id), now=timezone.now())
