"""What others have to be told: written in the transaction that decides, then published, in order, at least once."""

import uuid
from enum import StrEnum

from django.db import models
from django.db.models.functions import Now


class EventKind(StrEnum):
    """What others are told. Consumers switch on these words."""

    STATE_CHANGED = "account.state_changed"
    ENTITLEMENT_CHANGED = "account.entitlement_changed"
    FLAG_CHANGED = "account.flag_changed"
    DRIFT_DETECTED = "drift.detected"
    DRIFT_CLEARED = "drift.cleared"
    REPAIR_APPLIED = "repair.applied"
    REPAIR_REFUSED = "repair.refused"
    REPAIR_FAILED = "repair.failed"
    CASE_OPENED = "case.opened"
    CASE_CLOSED = "case.closed"
    CASE_DECIDED = "case.decided"


class OutboxEvent(models.Model):
    """One domain event.

    `sequence` is the order in which the deciding transactions committed: a trigger makes them take turns from their
    first event until they commit. A transaction that also appends to the audit does that before. What the engine finds
    by looking (drift, cases) is nobody's deed: it has no entry of the audit.
    """

    sequence = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.TextField(help_text="as repair.applied, account.state_changed")
    account_id = models.TextField()
    at = models.DateTimeField(db_default=Now())
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    cause = models.TextField(default="")
    audit_seq = models.BigIntegerField(null=True, help_text="the audit entry of the same transaction")
    published_at = models.DateTimeField(null=True)
    traceparent = models.TextField(null=True, help_text="W3C trace context of the deed; null: traces were off")

    class Meta:
        db_table = "outbox"
        indexes = [
            models.Index(fields=["sequence"], name="outbox_unpublished", condition=models.Q(published_at__isnull=True)),
            models.Index(fields=["account_id", "sequence"], name="outbox_account"),
        ]
