"""Stripe's objects as its lists said them last, one row an object: what a sweep reads instead of Stripe itself."""

from django.db import models


class StripeObject(models.Model):
    """One object of Stripe's lists.

    `customer` is the customer it belongs to (itself, for a customer; its charge's, for a dispute); `account_id` is what
    a customer's own metadata claims.
    """

    id = models.TextField(primary_key=True)
    kind = models.TextField(help_text="the list it came from: customers, subscriptions, invoices, …")
    customer = models.TextField(null=True)
    account_id = models.TextField(null=True)
    body = models.JSONField()
    content_hash = models.CharField(max_length=64)
    read_at = models.DateTimeField(help_text="latest time that a list or a live read showed it")

    class Meta:
        db_table = "stripe_object"
        indexes = [
            models.Index(fields=["customer", "kind"], name="stripe_object_customer"),
            models.Index(
                fields=["account_id"],
                include=["id"],
                name="stripe_object_claimed_by",
                condition=models.Q(account_id__isnull=False),
            ),
        ]


class MirrorSync(models.Model):
    """One pass over Stripe's lists.

    Unfinished, it goes on at `kind` after the object `cursor`; finished, the mirror is as of `started_at`: nothing that
    a list showed is older than that.
    """

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    kind = models.TextField(help_text="the list being read")
    cursor = models.TextField(null=True, help_text="the last object of that list which is stored")
    objects_read = models.BigIntegerField(default=0)
    objects_removed = models.BigIntegerField(default=0)

    class Meta:
        db_table = "mirror_sync"
