"""The course of the drift: what came and went, hour by hour, and which accounts drift for the same cause."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class ChangeKind(models.TextChoices):
    """How an account came to count under a measure, or ceased to."""

    NEW = "new", "drifted for the first time"
    CAME_BACK = "came_back", "drifted again after it had been right"
    UNDONE = "undone", "drifts again because a repair was undone"
    HEALED_BY_US = "healed_by_us", "right again after a repair of ours"
    HEALED_BY_ITSELF = "healed_by_itself", "right again without a repair"


class DriftChange(models.Model):
    """One account began or ceased to count under one measure: a headline, a class or a detail."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    account_id = models.TextField()
    measure = models.TextField(help_text="stuck_in_bad_debt, entitlement_drift, paid_but_blocked, …")
    kind = models.TextField(choices=ChangeKind.choices)
    apply = models.ForeignKey("recon.Apply", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        db_table = "drift_change"
        indexes = [
            models.Index(fields=["measure", "at"], name="drift_change_measure"),
            models.Index(fields=["account_id", "measure", "-at"], name="drift_change_account"),
        ]


class DriftPoint(models.Model):
    """How many accounts counted under each measure at one moment: a point of the home page's pictures."""

    at = models.DateTimeField(primary_key=True)
    counts = models.JSONField(help_text="measure → accounts; `accounts` and `unknown` too")

    class Meta:
        db_table = "drift_point"


class Cluster(models.Model):
    """Accounts whose cells differ in the same way: the same places, in the same direction, after the same event."""

    key = models.CharField(max_length=16, primary_key=True, help_text="of the pattern")
    pattern = ArrayField(models.TextField(), help_text="store.table.column: stored → truth, sorted")
    cause = models.TextField(default="", help_text="the event that the stores have not followed")
    first_seen_at = models.DateTimeField()

    class Meta:
        db_table = "cluster"
