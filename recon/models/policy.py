"""The rules' numbers through time: each version that somebody made, and what a version would change, tried out on
every account before it governs.

A version's numbers never change; going back makes a new version with old numbers.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class PolicyState(models.TextChoices):
    """Where a version stands. Exactly one is active, once there is any."""

    DRAFT = "draft"
    WAITING_FOR_SECOND = "waiting_for_second"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class PolicyVersion(models.Model):
    """One set of numbers, as `Policy.to_json` writes them, with who wanted it and why."""

    number = models.IntegerField(primary_key=True)
    policy = models.JSONField()
    policy_hash = models.CharField(max_length=64)
    state = models.TextField(choices=PolicyState.choices)
    made_by = models.TextField(help_text="user:name; task:settings for what the environment said")
    made_at = models.DateTimeField()
    reason = models.TextField(default="", help_text="empty only while it is a draft, or was one")
    second = models.TextField(default="", help_text="who approved it besides its maker")
    second_reason = models.TextField(default="")
    activated_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="when another took over, or it was withdrawn")
    ended_by = models.TextField(default="", help_text="who withdrew it, or made the one that took over")
    end_reason = models.TextField(default="")
    follows = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", help_text="the one that was active before it"
    )
    reverts_to = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", help_text="the one whose numbers it brings back"
    )

    class Meta:
        db_table = "policy_version"
        constraints = [
            models.UniqueConstraint(fields=["state"], name="policy_version_one_active", condition=Q(state="active")),
            models.CheckConstraint(condition=~Q(second=F("made_by")), name="policy_version_second_is_another"),
            models.CheckConstraint(
                condition=~Q(reason="") | Q(state__in=["draft", "withdrawn"]), name="policy_version_says_why"
            ),
        ]


class PolicyPreview(models.Model):
    """One trial of a version against the one that was active then, every account judged at the same moment."""

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="previews")
    against = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    judged_at = models.DateTimeField(help_text="the clock that the rules are given")
    started_by = models.TextField()
    listed_at = models.DateTimeField(null=True, help_text="when the accounts to recompute stood in chunks")
    finished_at = models.DateTimeField(null=True)
    stopped = models.TextField(default="", help_text="why it was given up")
    accounts = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0, help_text="accounts without a known verdict: not tried")
    to_recompute = models.IntegerField(default=0, help_text="those that the change can touch")
    result = models.JSONField(default=dict)

    class Meta:
        db_table = "policy_preview"
        indexes = [
            models.Index(fields=["id"], name="policy_preview_open", condition=Q(finished_at__isnull=True, stopped="")),
        ]


class PolicyPreviewChunk(models.Model):
    """Some hundred accounts of a preview, one task. Doing one twice changes nothing."""

    id = models.BigAutoField(primary_key=True)
    preview = models.ForeignKey(PolicyPreview, on_delete=models.CASCADE, related_name="chunks")
    number = models.IntegerField()
    account_ids = ArrayField(models.TextField())
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)

    class Meta:
        db_table = "policy_preview_chunk"
        constraints = [models.UniqueConstraint(fields=["preview", "number"], name="policy_preview_chunk_once")]
        indexes = [
            models.Index(
                fields=["preview", "number"], name="policy_preview_chunk_open", condition=Q(done_at__isnull=True)
            ),
        ]
