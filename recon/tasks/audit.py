"""Keep the audit provable, by the schedule."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from recon.actions import checkpoint_audit as checkpointing
from recon.actions import prove_audit as proving


@shared_task(name="recon.checkpoint_audit")
def checkpoint_audit() -> None:
    """The chain's end, signed, to where the database's administrator cannot change it."""
    checkpointing.checkpoint_audit(
        installation=settings.RECON_INSTANCE,
        key=settings.AUDIT_KEY.encode(),
        now=timezone.now(),
        file=settings.AUDIT_CHECKPOINTS,
    )


@shared_task(name="recon.verify_audit")
def verify_audit() -> None:
    """The whole chain, each hour and when a worker starts, against the checkpoints where they are kept in a file."""
    proving.prove_audit_with(
        settings.AUDIT_CHECKPOINTS,
        key=settings.AUDIT_KEY.encode(),
        older_keys=[key.encode() for key in settings.AUDIT_KEY_FALLBACKS],
        actor="task:verify_audit",
        now=timezone.now(),
    )
