"""Who did what, when and why: append-only, each row sealed to the one before.

The tables, and the database function `audit_append` that alone may add a row, are made by the migration of the chain;
triggers refuse everything else, also a flush. `body` is the exact text that was hashed; the other columns repeat its
parts so that they can be searched.
"""

from django.db import models


class AuditEntry(models.Model):
    """One thing that somebody did, or tried."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(help_text="the database's clock")
    actor = models.TextField(help_text="user:name, token:name, task:name")
    action = models.TextField(help_text="dotted, as repair.applied")
    account = models.TextField(null=True)
    reason = models.TextField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.TextField()
    apply_id = models.UUIDField(null=True)
    body = models.TextField(help_text="canonical JSON of all of the above but seq and at")
    prev = models.BinaryField()
    hash = models.BinaryField(help_text="sha256 of v1|seq|at|prev|body")

    class Meta:
        db_table = "audit"
        managed = False


class AuditHead(models.Model):
    """The chain's last link: one row, locked by whoever appends."""

    one = models.BooleanField(primary_key=True, default=True)
    seq = models.BigIntegerField(default=0)
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_head"
        managed = False


class AuditVerification(models.Model):
    """One walk along the chain, against the signed checkpoints: what it found."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.TextField()
    entries = models.BigIntegerField()
    checkpoints = models.BigIntegerField(default=0)
    problems = models.JSONField(default=list, help_text="sentences; empty when the chain is whole")

    class Meta:
        db_table = "audit_verification"
