"""Repairs of many accounts, or proposals to Stripe, under one reason: the list is frozen when it is made, and every
outcome is kept.

A run and its items are all that there is: whoever drives it (a worker, the schedule) reads here what is due, so a
restart of anything loses nothing.
"""

from django.db import models
from django.db.models import Q


class BulkKind(models.TextChoices):
    """What a run does: one never does both."""

    REPAIRS = "repairs", "an account's plan, an item each"
    PROPOSALS = "proposals", "a call to Stripe that a plan proposes, an item each"


class BulkState(models.TextChoices):
    """Where a run stands. Only a running one hands anything out."""

    DRAFTED = "drafted"
    WAITING_FOR_SECOND = "waiting_for_second"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class BulkStage(models.TextChoices):
    """How many accounts a running one may touch: 5, all of which must succeed; then 50; then the rest."""

    CANARY = "canary"
    FIFTY = "fifty"
    REST = "rest"


class BulkOutcome(models.TextChoices):
    """What came of one account."""

    APPLIED = "applied", "every store holds what was approved"
    ALREADY_TRUE = "already_true", "nothing was left to write"
    REFUSED_MOVED = "refused_moved", "the plan is another one by now; nothing was written"
    FAILED = "failed", "something broke; nothing was written"
    IN_DOUBT = "in_doubt", "decided and not finished, or left to a person"
    SKIPPED = "skipped", "it may not be written now; nothing was"


class BulkRepair(models.Model):
    """One approval of many plans, and how far it is."""

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField(help_text="when its list was frozen")
    finished_at = models.DateTimeField(null=True, help_text="when it was done or cancelled")
    actor = models.TextField(help_text="who started it, and approves each of its plans")
    kind = models.TextField(choices=BulkKind.choices, default=BulkKind.REPAIRS, db_default=BulkKind.REPAIRS.value)
    reason = models.TextField(help_text="empty only while it is a draft")
    state = models.TextField(choices=BulkState.choices, default=BulkState.DONE, db_default=BulkState.DONE.value)
    stage = models.TextField(choices=BulkStage.choices, default=BulkStage.CANARY, db_default=BulkStage.CANARY.value)
    second = models.TextField(default="", db_default="", help_text="who approved it besides its starter")
    began_at = models.DateTimeField(null=True, help_text="when its first account could be handed out")
    selection = models.JSONField(default=dict, db_default={}, help_text="the filter as in the URL, ticked, …")
    totals = models.JSONField(default=dict, db_default={}, help_text="what the frozen list amounts to")
    request_key = models.TextField(default="", db_default="", help_text="of the form that made it: the same one, once")
    request_id = models.TextField(default="", db_default="")
    accounts = models.IntegerField(default=0, db_default=0, help_text="its items: one an account, or a proposal")
    done = models.IntegerField(default=0, db_default=0)
    problems = models.IntegerField(default=0, db_default=0, help_text="outcomes failed and in_doubt")
    done_before = models.IntegerField(default=0, db_default=0, help_text="done when a person last let it go on")
    problems_before = models.IntegerField(default=0, db_default=0, help_text="problems when a person last did")
    stopped_by = models.TextField(default="", db_default="", help_text="who paused it; task:bulk: it did so itself")
    stop_reason = models.TextField(default="", db_default="")
    stopped_at = models.DateTimeField(null=True)
    traceparent = models.TextField(null=True, help_text="W3C trace context of the start; null: traces were off")

    class Meta:
        db_table = "bulk_repair"
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason="") | Q(state__in=[BulkState.DRAFTED, BulkState.CANCELLED]),
                name="bulk_repair_says_why",
            ),
            models.UniqueConstraint(
                fields=["request_key"], name="bulk_repair_once_a_request", condition=~Q(request_key="")
            ),
            models.CheckConstraint(condition=~Q(second=models.F("actor")), name="bulk_repair_second_is_another"),
        ]


class BulkRepairItem(models.Model):
    """One account of a bulk repair, or one proposal of an account, the digest that was approved, and what came of it.

    Proposals of one account are carried out one after the other, by `position`. While an item is with a worker its
    lease runs; `tries` says how often it was handed out, and a task of an earlier time leaves it alone.
    """

    id = models.BigAutoField(primary_key=True)
    bulk_repair = models.ForeignKey(BulkRepair, on_delete=models.CASCADE, related_name="items")
    position = models.IntegerField(default=0, db_default=0, help_text="from 0, the worst harm first")
    account_id = models.TextField()
    digest = models.CharField(max_length=64)
    proposal = models.TextField(default="", db_default="", help_text="verb:object; empty in a run of repairs")
    outcome = models.TextField(default="", help_text="empty while nothing has come of it")
    explanation = models.TextField(default="")
    apply_id = models.UUIDField(null=True)
    tries = models.IntegerField(default=0, db_default=0)
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "bulk_repair_item"
        constraints = [
            models.UniqueConstraint(fields=["bulk_repair", "account_id", "proposal"], name="bulk_item_once"),
        ]
        indexes = [
            models.Index(fields=["bulk_repair", "id"], name="bulk_repair_item_open", condition=Q(done_at__isnull=True)),
            models.Index(fields=["bulk_repair", "outcome", "id"], name="bulk_repair_item_outcome"),
        ]


class StripePace(models.Model):
    """How fast bulk runs may ask Stripe, all of them together: one row, whichever worker hands out."""

    name = models.TextField(primary_key=True)
    next_at = models.DateTimeField(help_text="what was handed out is paid for until then; later ones wait")
    halvings = models.SmallIntegerField(default=0, help_text="how often the pace was halved because Stripe asked")
    slowed_at = models.DateTimeField(null=True, help_text="when Stripe last said too many requests")

    class Meta:
        db_table = "stripe_pace"
