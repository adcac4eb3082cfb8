"""What came in: every event that was acknowledged, which accounts it marked, and what was odd about it.

An event is a hint to look, never a state: nothing is computed from its body, which is kept for people.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q


class InboxStatus(models.TextChoices):
    """What became of an event."""

    ROUTED = "routed", "marked its accounts dirty"
    UNROUTED = "unrouted", "names somebody whom no account is known for yet: looked for again at `next_at`"
    DEAD = "dead", "nobody was found within a day: waits for a person"
    IGNORED = "ignored", "concerns no account, or another installation's"


class Inbox(models.Model):
    """One event, once, however often it was delivered.

    `refs` are the ids that it names an account by: the customer, and the objects that the mirror knows a customer of;
    of an event of a store, the account itself.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.TextField(help_text="stripe, or the store that sent it")
    event_id = models.TextField(help_text="the sender's; unique for the source")
    received_at = models.DateTimeField()
    occurred_at = models.DateTimeField(null=True, help_text="by the sender's clock; no order rests on it")
    type = models.TextField(help_text="as invoice.paid; store.changed for a store's")
    object_id = models.TextField(default="")
    refs = ArrayField(models.TextField(), default=list)
    livemode = models.BooleanField(null=True, help_text="Stripe's alone")
    body = models.JSONField(help_text="as it was sent, but for what differs between deliveries of one event")
    body_hash = models.CharField(max_length=64, help_text="sha256 of the body")
    status = models.TextField(choices=InboxStatus.choices)
    attempts = models.IntegerField(default=0, help_text="how often its account was looked for in vain")
    next_at = models.DateTimeField(null=True, help_text="when it is looked for again")
    note = models.TextField(default="", help_text="why it is ignored or dead")
    traceparent = models.TextField(null=True, help_text="W3C trace context of whoever kept it; null: traces were off")

    class Meta:
        db_table = "inbox"
        constraints = [models.UniqueConstraint(fields=["source", "event_id"], name="inbox_once")]
        indexes = [
            models.Index(fields=["next_at"], name="inbox_unrouted", condition=Q(status=InboxStatus.UNROUTED)),
            models.Index(fields=["received_at"], name="inbox_dead", condition=Q(status=InboxStatus.DEAD)),
            BrinIndex(fields=["received_at"], name="inbox_received"),
        ]


class InboxMark(models.Model):
    """An event marked an account dirty: `gen` is the account's generation which that made.

    The evaluation that completes a claim of generation g, of an account done up to d, has seen the marks d < gen ≤ g.
    """

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="marks")
    account_id = models.TextField()
    gen = models.BigIntegerField()

    class Meta:
        db_table = "inbox_mark"
        indexes = [models.Index(fields=["account_id", "gen"], name="inbox_mark_account")]


class FindingKind(models.TextChoices):
    """What is odd about an event."""

    OTHER_BODY = "other_body", "its id came again with another body; the first one was kept"
    TWO_ACCOUNTS = "two_accounts", "its customer is linked to more than one account; all were marked"


class InboxFinding(models.Model):
    """Something odd about an event, for a person to look at; ids and hashes alone."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Inbox, on_delete=models.CASCADE, related_name="findings")
    kind = models.TextField(choices=FindingKind.choices)
    at = models.DateTimeField()
    detail = models.JSONField(default=dict, help_text="other_body: {body_hash}; two_accounts: {accounts}")
    settled_at = models.DateTimeField(null=True, help_text="when a person had looked at it")
    settled_by = models.TextField(default="", db_default="")

    class Meta:
        db_table = "inbox_finding"
        constraints = [models.UniqueConstraint(fields=["event", "kind", "detail"], name="inbox_finding_once")]
        indexes = [models.Index(fields=["-at"], name="inbox_finding_latest")]
