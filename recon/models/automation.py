"""What the engine may do by itself: a mode for each class of drift, and the cells that somebody keeps changing back."""

from django.db import models
from django.db.models import Q


class Mode(models.TextChoices):
    """What is done about drift of one class."""

    OBSERVE = "observe", "shown; nobody may write it"
    APPROVE = "approve", "written when a person approves"
    AUTO = "auto", "written by the engine itself, within its limits"


class ClassMode(models.Model):
    """The mode that somebody set for a class; a class without a row is in `approve`."""

    name = models.TextField(primary_key=True, help_text="a class of drift; values: cells of no class")
    mode = models.TextField(choices=Mode.choices)
    set_by = models.TextField()
    reason = models.TextField()
    set_at = models.DateTimeField()

    class Meta:
        db_table = "class_mode"
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="class_mode_has_reason")]


class Relapse(models.Model):
    """A cell that a repair had made true, and that somebody has changed back.

    The pair of writers: the repair (`apply`) wrote `wrote`, and whoever `other` names wrote `found` after it.
    While it stands, the cell is not written automatically.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(help_text="the evaluation that found it")
    account_id = models.TextField()
    place = models.TextField(help_text="store.table.column")
    key = models.TextField(help_text="of the row")
    apply = models.ForeignKey("recon.Apply", on_delete=models.PROTECT, related_name="+")
    wrote = models.JSONField(null=True)
    found = models.JSONField(null=True)
    other = models.TextField(help_text="who changed it back, as far as the store tells")
    released_at = models.DateTimeField(null=True, help_text="when a person let the cell be written automatically again")
    released_by = models.TextField(default="")
    release_reason = models.TextField(default="")

    class Meta:
        db_table = "relapse"
        constraints = [
            models.UniqueConstraint(fields=["apply", "place", "key"], name="relapse_once_a_repair"),
        ]
        indexes = [
            models.Index(
                fields=["account_id", "place"], name="relapse_standing", condition=Q(released_at__isnull=True)
            ),
            models.Index(fields=["place", "-at"], name="relapse_place"),
        ]
