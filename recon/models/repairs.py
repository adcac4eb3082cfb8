"""What is being, and was, applied: the coordinator's durable record.

`Apply.state` is the only thing that decides: an ordinary commit of this row, and nothing else, makes a repair happen or
not. Its branches and calls say what a successor has to finish.
"""

import uuid

from django.db import models
from django.db.models import Q


class ApplyState(models.TextChoices):
    APPROVED = "approved"
    PREPARING = "preparing"
    CALLING = "calling"
    COMMITTING = "committing"
    ABORTING = "aborting"
    DONE = "done"
    ABORTED = "aborted"
    EXPIRED = "expired"
    EXCEPTION = "exception"


LIVE_STATES = (
    ApplyState.APPROVED,
    ApplyState.PREPARING,
    ApplyState.CALLING,
    ApplyState.COMMITTING,
    ApplyState.ABORTING,
)
"""An account has at most one apply in these; in all but APPROVED somebody has to finish it."""
IN_EFFECT = (*LIVE_STATES, ApplyState.DONE, ApplyState.EXCEPTION)
"""What is not in these came to nothing. A repair has at most one undo in these."""


class Apply(models.Model):
    """One approved plan of one account, all of it or nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account_id = models.TextField()
    digest = models.CharField(max_length=64)
    risk = models.TextField(null=True)
    writes = models.JSONField(
        default=list, help_text="the plan's cells: store, table, key, column, stored, truth, rule"
    )
    proposal = models.TextField(default="", help_text="verb:object of the Stripe proposal that was approved with it")
    undoes = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="undos",
        db_index=False,
        help_text="the repair whose inverse this is",
    )
    approved_by = models.TextField()
    reason = models.TextField()
    request_id = models.TextField(default="")
    request_key = models.TextField(
        default="", db_default="", help_text="of the form or call that approved it: the same one, once"
    )
    overrides_pause = models.BooleanField(
        default=False, db_default=False, help_text="an admin's emergency: carried out though all applies are paused"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="not claimed after this moment")

    state = models.TextField(choices=ApplyState.choices, default=ApplyState.APPROVED)
    epoch = models.BigIntegerField(default=0, help_text="who coordinates: one more at each takeover")
    lease_until = models.DateTimeField(null=True, help_text="for speed only: safety rests on the epoch")
    decided_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    code = models.TextField(
        default="", db_default="", help_text="why it came to nothing, as a word for programs: stale, paused, …"
    )
    explanation = models.TextField(default="", help_text="why it was aborted, or needs a person")
    waiting_for = models.TextField(default="", help_text="what is out of reach while it is decided and not finished")
    refused = models.BooleanField(
        default=False, help_text="aborted because the world moved, not because something broke"
    )
    takeovers = models.IntegerField(default=0)
    traceparent = models.TextField(null=True, help_text="W3C trace context of the approval; null: traces were off")

    class Meta:
        db_table = "apply"
        constraints = [
            models.UniqueConstraint(fields=["account_id"], name="apply_one_live", condition=Q(state__in=LIVE_STATES)),
            models.UniqueConstraint(fields=["request_key"], name="apply_once_a_request", condition=~Q(request_key="")),
            models.UniqueConstraint(
                fields=["undoes"],
                name="apply_undone_once",
                condition=Q(undoes__isnull=False, state__in=IN_EFFECT),
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="apply_has_reason"),
        ]
        indexes = [
            models.Index(fields=["account_id", "-created_at"], name="apply_account"),
            models.Index(fields=["lease_until"], name="apply_open", condition=Q(state__in=LIVE_STATES)),
            models.Index(fields=["account_id"], name="apply_undo", condition=Q(undoes__isnull=False)),
            models.Index(fields=["closed_at"], name="apply_exception", condition=Q(state=ApplyState.EXCEPTION)),
        ]


class BranchState(models.TextChoices):
    PLANNED = "planned"
    PREPARED = "prepared"
    COMMITTED = "committed"
    ROLLED_BACK = "rolled_back"
    LOST = "lost"


class ApplyBranch(models.Model):
    """One store's part of an apply. `xid` and `system_identifier` let a successor ask the server what became of it."""

    id = models.BigAutoField(primary_key=True)
    apply = models.ForeignKey(Apply, on_delete=models.CASCADE, related_name="branches")
    store = models.TextField()
    gid = models.CharField(max_length=190, unique=True)
    rows = models.JSONField(help_text="the writes of this store, a row each, with the versions they name")
    xid = models.TextField(null=True)
    system_identifier = models.TextField(null=True)
    state = models.TextField(choices=BranchState.choices, default=BranchState.PLANNED)

    class Meta:
        db_table = "apply_branch"
        constraints = [models.UniqueConstraint(fields=["apply", "store"], name="apply_branch_once")]


class CallClass(models.TextChoices):
    PIVOT = "pivot", "made before the decision; cannot be taken back"
    RETRIABLE = "retriable", "made after the decision, until it is done"


class CallState(models.TextChoices):
    PLANNED = "planned"
    INTENDED = "intended"  # about to be sent, or sent: only the answer tells
    DONE = "done"
    REFUSED = "refused"


class ApplyCall(models.Model):
    """One call to Stripe. Its key and parameters are durable before it is sent, so that it can be asked again."""

    id = models.BigAutoField(primary_key=True)
    apply = models.ForeignKey(Apply, on_delete=models.CASCADE, related_name="calls")
    position = models.IntegerField()
    call_class = models.TextField(choices=CallClass.choices)
    verb = models.TextField()
    object_id = models.TextField()
    params = models.JSONField(default=dict)
    idempotency_key = models.TextField()
    state = models.TextField(choices=CallState.choices, default=CallState.PLANNED)
    attempts = models.IntegerField(default=0)
    first_sent_at = models.DateTimeField(null=True)
    http_status = models.IntegerField(null=True)
    code = models.TextField(default="")

    class Meta:
        db_table = "apply_call"
        constraints = [models.UniqueConstraint(fields=["apply", "position"], name="apply_call_once")]


class Switch(models.Model):
    """Something that was turned on for everybody, with the reason.

    `applies_paused` stops every claim; `automatic_severe_stopped` is the breaker of automatic severe repairs;
    `database_restored` keeps recovery from presuming anything until a person has looked.
    """

    APPLIES_PAUSED = "applies_paused"
    AUTOMATIC_SEVERE_STOPPED = "automatic_severe_stopped"
    DATABASE_RESTORED = "database_restored"

    name = models.TextField(primary_key=True)
    is_on = models.BooleanField(default=False)
    reason = models.TextField(default="")
    set_by = models.TextField(default="")
    set_at = models.DateTimeField()

    class Meta:
        db_table = "switch"
