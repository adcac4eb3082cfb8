"""What others write beside what the engine would have written: counts by day, and the cells that are still open."""

from django.db import models
from django.db.models import Q


class ShadowCount(models.Model):
    """So many cells, on one day, of one class and store. A cell that is in several classes counts in each."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateTimeField(help_text="its midnight, UTC")
    name = models.TextField(help_text="a class of drift; values: cells of no class")
    store = models.TextField()
    kind = models.TextField(help_text="agreed, disagreed, old_only, engine_only, came_round, repaired, truth_moved")
    cells = models.BigIntegerField()

    class Meta:
        db_table = "shadow_count"
        constraints = [models.UniqueConstraint(fields=["day", "name", "store", "kind"], name="shadow_count_once")]


class ShadowCell(models.Model):
    """One cell that differs from the truth now: since when it has held `stored`, and whether others wrote that against
    what the engine would have."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.TextField()
    place = models.TextField(help_text="store.table.column")
    stored = models.JSONField(null=True)
    since = models.DateTimeField()
    is_disputed = models.BooleanField(default=False, db_default=False)
    is_counted = models.BooleanField(default=False, db_default=False, help_text="as engine_only")

    class Meta:
        db_table = "shadow_cell"
        constraints = [models.UniqueConstraint(fields=["account_id", "place"], name="shadow_cell_once")]
        indexes = [
            models.Index(fields=["since"], name="shadow_cell_waiting", condition=Q(is_disputed=False, is_counted=False))
        ]


class ShadowMark(models.Model):
    """How far the comparison is: up to which evaluation, the first of which was at `since`."""

    name = models.TextField(primary_key=True, default="shadow")
    upto = models.BigIntegerField(default=0, db_default=0)
    since = models.DateTimeField(null=True)

    class Meta:
        db_table = "shadow_mark"
