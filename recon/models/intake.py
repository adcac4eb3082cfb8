"""Which accounts have to be evaluated again."""

from django.db import models
from django.db.models import F, Q


class Dirty(models.Model):
    """One account's marks: `gen` counts what happened to it, `done_gen` what an evaluation has already seen.

    A flag instead of two numbers would lose a mark that arrives while an evaluation runs.
    """

    account = models.TextField(primary_key=True)
    gen = models.BigIntegerField(default=1)
    done_gen = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    token = models.UUIDField(null=True)
    parked = models.BooleanField(default=False)
    last_error = models.TextField(default="")
    causes = models.JSONField(
        default=list, db_default=[], help_text="what marked it beside events: {gen, kind, ref, at}, the latest 20"
    )
    since = models.DateTimeField()

    class Meta:
        db_table = "dirty"
        constraints = [
            models.CheckConstraint(condition=Q(done_gen__lte=F("gen")), name="dirty_done_is_not_ahead"),
        ]
        indexes = [
            models.Index(fields=["not_before"], name="dirty_due", condition=Q(gen__gt=F("done_gen"), parked=False)),
            models.Index(fields=["since"], name="dirty_parked", condition=Q(parked=True)),
        ]
