"""Repairs of many accounts under one reason: the list is frozen when it is made, and every outcome is kept."""

from django.db import models


class BulkRepair(models.Model):
    """One approval of many plans."""

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    actor = models.TextField()
    reason = models.TextField()

    class Meta:
        db_table = "bulk_repair"
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="bulk_repair_has_reason")]


class BulkRepairItem(models.Model):
    """One account of a bulk repair, the digest that was approved, and what came of it."""

    id = models.BigAutoField(primary_key=True)
    bulk_repair = models.ForeignKey(BulkRepair, on_delete=models.CASCADE, related_name="items")
    account_id = models.TextField()
    digest = models.CharField(max_length=64)
    outcome = models.TextField(default="", help_text="empty while nothing has come of it")
    explanation = models.TextField(default="")
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "bulk_repair_item"
        constraints = [
            models.UniqueConstraint(fields=["bulk_repair", "account_id"], name="bulk_repair_item_once"),
        ]
        indexes = [
            models.Index(
                fields=["bulk_repair", "id"], name="bulk_repair_item_open", condition=models.Q(done_at__isnull=True)
            )
        ]
