"""How people share out the accounts to look through: who has which in hand, what waits until when, whose filters."""

from django.db import models


class WorkClaim(models.Model):
    """A person has an account in hand. Half an hour after the last touch the row means nothing any more."""

    account_id = models.TextField(primary_key=True)
    person = models.TextField(help_text="user:name")
    claimed_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    query = models.TextField(default="", help_text="the queue that it was taken from, as the URL holds it")

    class Meta:
        db_table = "work_claim"
        indexes = [models.Index(fields=["person", "-touched_at"], name="work_claim_person")]


class Snooze(models.Model):
    """An account that nobody has to look at before a moment; after it the row means nothing any more."""

    account_id = models.TextField(primary_key=True)
    until = models.DateTimeField()
    at = models.DateTimeField()
    person = models.TextField(help_text="user:name")
    reason = models.TextField()

    class Meta:
        db_table = "snooze"
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="snooze_has_reason")]
        indexes = [models.Index(fields=["until"], name="snooze_until")]


class SavedFilter(models.Model):
    """A queue that a person gave a name; `query` is what stands in the URL."""

    id = models.BigAutoField(primary_key=True)
    person = models.TextField(help_text="user:name")
    name = models.TextField()
    query = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "saved_filter"
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="saved_filter_once")]


class QueueCount(models.Model):
    """How many accounts one queue had when they were counted, and what they owe."""

    queue = models.TextField(
        primary_key=True, help_text="drifted, class:…, detail:…, finding:…, state:…, any:…, unknown"
    )
    at = models.DateTimeField()
    accounts = models.IntegerField()
    owed = models.JSONField(default=dict, help_text="currency → age → [accounts, minor units]")

    class Meta:
        db_table = "queue_count"
