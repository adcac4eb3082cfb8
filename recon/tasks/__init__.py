"""The way in for Celery: each task takes an id and calls one action. A task may come twice, late, or never: what is to
be done stands in the database, and the schedule wakes whatever is due.
"""

from recon.tasks.audit import checkpoint_audit, verify_audit
from recon.tasks.bulk import bulk_items, drive_bulk_repairs
from recon.tasks.carry_out import carry_out, carry_out_waiting
from recon.tasks.course import keep_point
from recon.tasks.policy import drive_policy_previews, preview_policy_chunk
from recon.tasks.prune import prune
from recon.tasks.publish import publish_events
from recon.tasks.pulse import check_stores, pulse
from recon.tasks.recompute import recompute_account, recompute_due
from recon.tasks.recover import recover
from recon.tasks.repair import repair_automatically
from recon.tasks.resolve import resolve_events
from recon.tasks.shadow import keep_shadow
from recon.tasks.sweep import sweep, sweep_chunk, sync_stripe

__all__ = [
    "bulk_items",
    "carry_out",
    "carry_out_waiting",
    "check_stores",
    "checkpoint_audit",
    "drive_bulk_repairs",
    "drive_policy_previews",
    "keep_point",
    "keep_shadow",
    "preview_policy_chunk",
    "prune",
    "publish_events",
    "pulse",
    "recompute_account",
    "recompute_due",
    "recover",
    "repair_automatically",
    "resolve_events",
    "sweep",
    "sweep_chunk",
    "sync_stripe",
    "verify_audit",
]
