"""What people leave on an account: notes, and that they looked at it."""

from django.db import models


class Note(models.Model):
    """Something that a person wrote down about an account for the next one; never changed, never taken back."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.TextField()
    at = models.DateTimeField()
    author = models.TextField(help_text="user:name")
    text = models.TextField()

    class Meta:
        db_table = "note"
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="note_has_text")]
        indexes = [models.Index(fields=["account_id", "-at"], name="note_account")]


class LookUp(models.Model):
    """Somebody saw an account's data. Kept apart from the audit of writes, so that it can be pruned."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.TextField(help_text="user:name, token:name")
    account_id = models.TextField()
    by = models.TextField(help_text="the page or the endpoint")
    request_id = models.TextField(default="")

    class Meta:
        db_table = "look_up"
        indexes = [
            models.Index(fields=["account_id", "-at"], name="look_up_account"),
            models.Index(fields=["actor", "-at"], name="look_up_actor"),
            models.Index(fields=["at"], name="look_up_at"),
        ]
