"""What the engine made of the stores: each outcome that differed from the one before, and each account's latest."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from recon.models.cases import STANDING_INDEXES
from recon.models.ranks import HARM_INDEXES


class Trigger(models.TextChoices):
    """Why an account was evaluated."""

    EVENT = "event"
    TIMER = "timer"
    SWEEP = "sweep"
    PERSON = "person"
    APPLY = "apply"
    POLICY = "policy"


class Evaluation(models.Model):
    """One outcome of one account, kept when it differs from the account's latest.

    The JSON columns have the shapes of the answer in the rules' document: `truth` is null when the verdict is unknown.
    """

    id = models.BigAutoField(primary_key=True)
    account_id = models.TextField()
    at = models.DateTimeField(help_text="the clock that the rules were given")
    trigger = models.TextField(choices=Trigger.choices)
    actor = models.TextField(default="")
    policy_hash = models.CharField(max_length=64)
    policy_version = models.IntegerField(
        null=True, help_text="whose numbers; null for those from before there were any"
    )
    content_hash = models.CharField(max_length=64, help_text="sha256 of the answer")

    is_known = models.BooleanField()
    reasons = models.JSONField(default=list)
    state = models.TextField(null=True)
    truth = models.JSONField(null=True)
    because = models.JSONField(default=dict)
    classes = ArrayField(models.TextField(), default=list)
    details = ArrayField(models.TextField(), default=list)
    cells = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    risk = models.TextField(null=True)
    writes = models.JSONField(default=list)
    proposals = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    next_evaluation_at = models.DateTimeField(null=True)
    reads = models.JSONField(default=dict, help_text="store → {ok, as_of, reason}")

    class Meta:
        db_table = "evaluation"
        indexes = [
            models.Index(fields=["account_id", "-at"], name="evaluation_account"),
            models.Index(fields=["id"], name="evaluation_proposes", condition=~models.Q(proposals=[])),
        ]


def any_policy() -> list[str]:
    """What is not known to be spared by a change of policy may be touched by it."""
    return ["any"]


class AccountState(models.Model):
    """The latest outcome of one account, in columns that lists and numbers are made from. An evaluation older than the
    row never replaces it."""

    account_id = models.TextField(primary_key=True)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    evaluated_at = models.DateTimeField(help_text="the latest evaluation, also when its outcome was the same")
    changed_at = models.DateTimeField(help_text="the evaluation at which the outcome last changed")
    drift_since = models.DateTimeField(null=True, help_text="since when some cell differs, without a break")

    is_known = models.BooleanField()
    state = models.TextField(null=True)
    classes = ArrayField(models.TextField(), default=list)
    details = ArrayField(models.TextField(), default=list)
    findings = ArrayField(models.TextField(), default=list, help_text="kinds, each once")
    drifted_cells = models.IntegerField(default=0)
    writes = models.IntegerField(default=0)
    risk = models.TextField(null=True)
    is_stuck_in_bad_debt = models.BooleanField(default=False)
    has_inconsistent_flags = models.BooleanField(default=False)
    is_flagged_but_paid = models.BooleanField(default=False)
    standing = models.JSONField(default=dict, help_text="finding → {since, opened}: a case opens after 24 hours")
    owed = models.JSONField(default=dict, help_text="currency → collectible minor units")
    oldest_due_at = models.DateTimeField(null=True)
    next_evaluation_at = models.DateTimeField(null=True)
    reads = models.JSONField(default=dict)
    cluster = models.CharField(
        max_length=16, default="", db_default="", help_text="the pattern of its drift; empty without drift"
    )
    harm_rank = models.SmallIntegerField(
        default=2, db_default=2, help_text="0: a payer is locked out, 1: it drifts otherwise, 2: it does not"
    )
    owed_rank = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="minus its largest amount in units of that currency's dust: the most is first",
    )
    policy_version = models.IntegerField(
        null=True, help_text="of the latest evaluation, also when its outcome was the same"
    )
    policy_inputs = ArrayField(
        models.TextField(),
        default=any_policy,
        db_default=["any"],
        help_text="the parts of the policy that its truth depends on; any: all of it",
    )
    fingerprint = models.BigIntegerField(null=True, help_text="of all rows that the latest evaluation came from")
    steady_by = models.BigIntegerField(
        null=True, help_text="the rules by which equal rows have the same outcome; null: it is always evaluated anew"
    )
    fingerprint_until = models.DateTimeField(
        null=True, help_text="from when on equal rows may have another outcome; null: never"
    )

    class Meta:
        db_table = "account_state"
        indexes = [
            models.Index(fields=["account_id"], name="account_state_drifted", condition=models.Q(drifted_cells__gt=0)),
            models.Index(fields=["account_id"], name="account_state_writable", condition=models.Q(writes__gt=0)),
            models.Index(fields=["account_id"], name="account_state_unknown", condition=models.Q(is_known=False)),
            models.Index(fields=["account_id"], name="account_state_owing", condition=~models.Q(owed={})),
            models.Index(
                fields=["next_evaluation_at"],
                name="account_state_timer",
                condition=models.Q(next_evaluation_at__isnull=False),
            ),
            models.Index(fields=["state", "account_id"], name="account_state_state"),
            models.Index(fields=["cluster"], name="account_state_cluster", condition=~models.Q(cluster="")),
            GinIndex(fields=["classes"], name="account_state_classes"),
            GinIndex(fields=["policy_inputs"], name="account_state_policy_inputs"),
            *HARM_INDEXES,
            *STANDING_INDEXES,
        ]


class Recompute(models.Model):
    """One account was evaluated out of turn, and why; kept also when the outcome was the same as before.

    `causes` are what had marked it, oldest first: {kind, ref, at}. The same evaluation may have many.
    """

    id = models.BigAutoField(primary_key=True)
    account_id = models.TextField()
    at = models.DateTimeField()
    evaluation = models.ForeignKey(Evaluation, null=True, on_delete=models.SET_NULL, related_name="+")
    causes = models.JSONField(default=list)
    more_causes = models.IntegerField(default=0, help_text="how many causes are not listed")
    traceparent = models.TextField(null=True, help_text="W3C trace context of the evaluation; null: traces were off")

    class Meta:
        db_table = "recompute"
        indexes = [models.Index(fields=["account_id", "-at"], name="recompute_account")]


class SweepRun(models.Model):
    """One pass over every account that any store knows. Its chunks say how far it is; unfinished, it can go on."""

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    actor = models.TextField(default="")
    accounts = models.IntegerField(default=0)
    counts = models.JSONField(default=dict, help_text="headlines and verdicts when it finished")
    is_full = models.BooleanField(
        default=False, db_default=False, help_text="every account is evaluated, also where nothing changed"
    )
    unchanged = models.IntegerField(default=0, db_default=0, help_text="accounts that are in no chunk")
    proved_at = models.DateTimeField(
        null=True, help_text="once it has finished, whoever is steady was looked at as of then"
    )
    proved_reads = models.JSONField(null=True, help_text="how each store was read for that")

    class Meta:
        db_table = "sweep_run"
        indexes = [
            models.Index(
                fields=["-proved_at"],
                name="sweep_run_proved",
                condition=models.Q(finished_at__isnull=False, proved_at__isnull=False),
            )
        ]


class SweepChunk(models.Model):
    """Some hundred accounts of a sweep, one task. Doing one twice changes nothing."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(SweepRun, on_delete=models.CASCADE, related_name="chunks")
    number = models.IntegerField()
    account_ids = ArrayField(models.TextField())
    done_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)

    class Meta:
        db_table = "sweep_chunk"
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="sweep_chunk_once")]
