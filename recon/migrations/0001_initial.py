import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(help_text="the database's clock")),
                ("actor", models.TextField(help_text="user:name, token:name, task:name")),
                ("action", models.TextField(help_text="dotted, as repair.applied")),
                ("account", models.TextField(null=True)),
                ("reason", models.TextField()),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("request_id", models.TextField()),
                ("apply_id", models.UUIDField(null=True)),
                ("body", models.TextField(help_text="canonical JSON of all of the above but seq and at")),
                ("prev", models.BinaryField()),
                ("hash", models.BinaryField(help_text="sha256 of v1|seq|at|prev|body")),
            ],
            options={
                "db_table": "audit",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("one", models.BooleanField(default=True, primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(default=0)),
                ("hash", models.BinaryField()),
            ],
            options={
                "db_table": "audit_head",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="MirrorSync",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("completed_at", models.DateTimeField(null=True)),
                ("kind", models.TextField(help_text="the list being read")),
                ("cursor", models.TextField(help_text="the last object of that list which is stored", null=True)),
                ("objects_read", models.BigIntegerField(default=0)),
                ("objects_removed", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "mirror_sync",
            },
        ),
        migrations.CreateModel(
            name="SweepRun",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("actor", models.TextField(default="")),
                ("accounts", models.IntegerField(default=0)),
                ("counts", models.JSONField(default=dict, help_text="headlines and verdicts when it finished")),
            ],
            options={
                "db_table": "sweep_run",
            },
        ),
        migrations.CreateModel(
            name="Switch",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("is_on", models.BooleanField(default=False)),
                ("reason", models.TextField(default="")),
                ("set_by", models.TextField(default="")),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "db_table": "switch",
            },
        ),
        migrations.CreateModel(
            name="Apply",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("account_id", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("risk", models.TextField(null=True)),
                (
                    "writes",
                    models.JSONField(
                        default=list, help_text="the plan's cells: store, table, key, column, stored, truth, rule"
                    ),
                ),
                (
                    "proposal",
                    models.TextField(
                        default="", help_text="verb:object of the Stripe proposal that was approved with it"
                    ),
                ),
                ("approved_by", models.TextField()),
                ("reason", models.TextField()),
                ("request_id", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(help_text="not claimed after this moment")),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("approved", "Approved"),
                            ("preparing", "Preparing"),
                            ("calling", "Calling"),
                            ("committing", "Committing"),
                            ("aborting", "Aborting"),
                            ("done", "Done"),
                            ("aborted", "Aborted"),
                            ("expired", "Expired"),
                            ("exception", "Exception"),
                        ],
                        default="approved",
                    ),
                ),
                ("epoch", models.BigIntegerField(default=0, help_text="who coordinates: one more at each takeover")),
                ("lease_until", models.DateTimeField(help_text="for speed only: safety rests on the epoch", null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("explanation", models.TextField(default="", help_text="why it was aborted, or needs a person")),
                (
                    "waiting_for",
                    models.TextField(
                        default="", help_text="what is out of reach while it is decided and not finished"
                    ),
                ),
                (
                    "refused",
                    models.BooleanField(
                        default=False, help_text="aborted because the world moved, not because something broke"
                    ),
                ),
                ("takeovers", models.IntegerField(default=0)),
            ],
            options={
                "db_table": "apply",
                "indexes": [
                    models.Index(fields=["account_id", "-created_at"], name="apply_account"),
                    models.Index(
                        condition=models.Q(
                            ("state__in", ("approved", "preparing", "calling", "committing", "aborting"))
                        ),
                        fields=["lease_until"],
                        name="apply_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("state__in", ("approved", "preparing", "calling", "committing", "aborting"))
                        ),
                        fields=("account_id",),
                        name="apply_one_live",
                    ),
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="apply_has_reason"),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingProdSnapshot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_id", models.TextField()),
                ("read_at", models.DateTimeField(help_text="first time that the store said so")),
                ("last_read_at", models.DateTimeField(help_text="latest time that the store said so")),
                ("content_hash", models.CharField(help_text="sha256 of the rows, whatever their order", max_length=64)),
                ("invoices", models.JSONField(default=list)),
                ("payments", models.JSONField(default=list)),
                ("adjustments", models.JSONField(default=list)),
                ("contracts", models.JSONField(default=list)),
                ("account_flags", models.JSONField(default=list)),
            ],
            options={
                "db_table": "snapshot_billing_prod",
                "abstract": False,
                "indexes": [models.Index(fields=["account_id", "-read_at", "-id"], name="billingprodsnapshot_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_read_at__gte", models.F("read_at"))),
                        name="billingprodsnapshot_read_in_order",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BulkRepair",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("actor", models.TextField()),
                ("reason", models.TextField()),
            ],
            options={
                "db_table": "bulk_repair",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="bulk_repair_has_reason"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CfProdSnapshot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_id", models.TextField()),
                ("read_at", models.DateTimeField(help_text="first time that the store said so")),
                ("last_read_at", models.DateTimeField(help_text="latest time that the store said so")),
                ("content_hash", models.CharField(help_text="sha256 of the rows, whatever their order", max_length=64)),
                ("entitlements", models.JSONField(default=list)),
                ("blocks", models.JSONField(default=list)),
            ],
            options={
                "db_table": "snapshot_cf_prod",
                "abstract": False,
                "indexes": [models.Index(fields=["account_id", "-read_at", "-id"], name="cfprodsnapshot_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_read_at__gte", models.F("read_at"))),
                        name="cfprodsnapshot_read_in_order",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Dirty",
            fields=[
                ("account", models.TextField(primary_key=True, serialize=False)),
                ("gen", models.BigIntegerField(default=1)),
                ("done_gen", models.BigIntegerField(default=0)),
                ("attempts", models.IntegerField(default=0)),
                ("not_before", models.DateTimeField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("token", models.UUIDField(null=True)),
                ("parked", models.BooleanField(default=False)),
                ("last_error", models.TextField(default="")),
                ("since", models.DateTimeField()),
            ],
            options={
                "db_table": "dirty",
                "indexes": [
                    models.Index(
                        condition=models.Q(("gen__gt", models.F("done_gen")), ("parked", False)),
                        fields=["not_before"],
                        name="dirty_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("done_gen__lte", models.F("gen"))), name="dirty_done_is_not_ahead"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Evaluation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_id", models.TextField()),
                ("at", models.DateTimeField(help_text="the clock that the rules were given")),
                (
                    "trigger",
                    models.TextField(
                        choices=[
                            ("event", "Event"),
                            ("timer", "Timer"),
                            ("sweep", "Sweep"),
                            ("person", "Person"),
                            ("apply", "Apply"),
                        ]
                    ),
                ),
                ("actor", models.TextField(default="")),
                ("policy_hash", models.CharField(max_length=64)),
                ("content_hash", models.CharField(help_text="sha256 of the answer", max_length=64)),
                ("is_known", models.BooleanField()),
                ("reasons", models.JSONField(default=list)),
                ("state", models.TextField(null=True)),
                ("truth", models.JSONField(null=True)),
                ("because", models.JSONField(default=dict)),
                (
                    "classes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                (
                    "details",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("cells", models.JSONField(default=list)),
                ("digest", models.CharField(max_length=64)),
                ("risk", models.TextField(null=True)),
                ("writes", models.JSONField(default=list)),
                ("proposals", models.JSONField(default=list)),
                ("findings", models.JSONField(default=list)),
                ("next_evaluation_at", models.DateTimeField(null=True)),
                ("reads", models.JSONField(default=dict, help_text="store → {ok, as_of, reason}")),
            ],
            options={
                "db_table": "evaluation",
                "indexes": [models.Index(fields=["account_id", "-at"], name="evaluation_account")],
            },
        ),
        migrations.CreateModel(
            name="OutboxEvent",
            fields=[
                ("sequence", models.BigAutoField(primary_key=True, serialize=False)),
                ("event_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("kind", models.TextField(help_text="as repair.applied, account.state_changed")),
                ("account_id", models.TextField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("cause", models.TextField(default="")),
                ("audit_seq", models.BigIntegerField(help_text="the audit entry of the same transaction", null=True)),
                ("published_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "outbox",
                "indexes": [
                    models.Index(
                        condition=models.Q(("published_at__isnull", True)),
                        fields=["sequence"],
                        name="outbox_unpublished",
                    ),
                    models.Index(fields=["account_id", "sequence"], name="outbox_account"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeObject",
            fields=[
                ("id", models.TextField(primary_key=True, serialize=False)),
                ("kind", models.TextField(help_text="the list it came from: customers, subscriptions, invoices, …")),
                ("customer", models.TextField(null=True)),
                ("account_id", models.TextField(null=True)),
                ("body", models.JSONField()),
                ("content_hash", models.CharField(max_length=64)),
                ("read_at", models.DateTimeField(help_text="latest time that a list or a live read showed it")),
            ],
            options={
                "db_table": "stripe_object",
                "indexes": [
                    models.Index(fields=["customer", "kind"], name="stripe_object_customer"),
                    models.Index(
                        condition=models.Q(("account_id__isnull", False)),
                        fields=["account_id"],
                        name="stripe_object_claim",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeSnapshot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_id", models.TextField()),
                ("read_at", models.DateTimeField(help_text="first time that the store said so")),
                ("last_read_at", models.DateTimeField(help_text="latest time that the store said so")),
                ("content_hash", models.CharField(help_text="sha256 of the rows, whatever their order", max_length=64)),
                ("customers", models.JSONField(default=list)),
                ("subscriptions", models.JSONField(default=list)),
                ("invoices", models.JSONField(default=list)),
                ("payment_intents", models.JSONField(default=list)),
                ("charges", models.JSONField(default=list)),
                ("disputes", models.JSONField(default=list)),
                ("invoice_payments", models.JSONField(default=list)),
                ("credit_notes", models.JSONField(default=list)),
            ],
            options={
                "db_table": "snapshot_stripe",
                "abstract": False,
                "indexes": [models.Index(fields=["account_id", "-read_at", "-id"], name="stripesnapshot_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_read_at__gte", models.F("read_at"))),
                        name="stripesnapshot_read_in_order",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SubsAccountSnapshot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_id", models.TextField()),
                ("read_at", models.DateTimeField(help_text="first time that the store said so")),
                ("last_read_at", models.DateTimeField(help_text="latest time that the store said so")),
                ("content_hash", models.CharField(help_text="sha256 of the rows, whatever their order", max_length=64)),
                ("accounts", models.JSONField(default=list)),
            ],
            options={
                "db_table": "snapshot_subs_account",
                "abstract": False,
                "indexes": [models.Index(fields=["account_id", "-read_at", "-id"], name="subsaccountsnapshot_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_read_at__gte", models.F("read_at"))),
                        name="subsaccountsnapshot_read_in_order",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SubsCustomerSnapshot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_id", models.TextField()),
                ("read_at", models.DateTimeField(help_text="first time that the store said so")),
                ("last_read_at", models.DateTimeField(help_text="latest time that the store said so")),
                ("content_hash", models.CharField(help_text="sha256 of the rows, whatever their order", max_length=64)),
                ("customers", models.JSONField(default=list)),
                ("customer_aliases", models.JSONField(default=list)),
            ],
            options={
                "db_table": "snapshot_subs_customer",
                "abstract": False,
                "indexes": [models.Index(fields=["account_id", "-read_at", "-id"], name="subscustomersnapshot_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_read_at__gte", models.F("read_at"))),
                        name="subscustomersnapshot_read_in_order",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SubsDunningSnapshot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_id", models.TextField()),
                ("read_at", models.DateTimeField(help_text="first time that the store said so")),
                ("last_read_at", models.DateTimeField(help_text="latest time that the store said so")),
                ("content_hash", models.CharField(help_text="sha256 of the rows, whatever their order", max_length=64)),
                ("dunning", models.JSONField(default=list)),
                ("balances", models.JSONField(default=list)),
                ("intents", models.JSONField(default=list)),
            ],
            options={
                "db_table": "snapshot_subs_dunning",
                "abstract": False,
                "indexes": [models.Index(fields=["account_id", "-read_at", "-id"], name="subsdunningsnapshot_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_read_at__gte", models.F("read_at"))),
                        name="subsdunningsnapshot_read_in_order",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApplyBranch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("store", models.TextField()),
                ("gid", models.CharField(max_length=190, unique=True)),
                (
                    "rows",
                    models.JSONField(help_text="the writes of this store, a row each, with the versions they name"),
                ),
                ("xid", models.TextField(null=True)),
                ("system_identifier", models.TextField(null=True)),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("planned", "Planned"),
                            ("prepared", "Prepared"),
                            ("committed", "Committed"),
                            ("rolled_back", "Rolled Back"),
                            ("lost", "Lost"),
                        ],
                        default="planned",
                    ),
                ),
                (
                    "apply",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="branches", to="recon.apply"
                    ),
                ),
            ],
            options={
                "db_table": "apply_branch",
                "constraints": [models.UniqueConstraint(fields=("apply", "store"), name="apply_branch_once")],
            },
        ),
        migrations.CreateModel(
            name="ApplyCall",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.IntegerField()),
                (
                    "call_class",
                    models.TextField(
                        choices=[
                            ("pivot", "made before the decision; cannot be taken back"),
                            ("retriable", "made after the decision, until it is done"),
                        ]
                    ),
                ),
                ("verb", models.TextField()),
                ("object_id", models.TextField()),
                ("params", models.JSONField(default=dict)),
                ("idempotency_key", models.TextField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("planned", "Planned"),
                            ("intended", "Intended"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                        ],
                        default="planned",
                    ),
                ),
                ("attempts", models.IntegerField(default=0)),
                ("first_sent_at", models.DateTimeField(null=True)),
                ("http_status", models.IntegerField(null=True)),
                ("code", models.TextField(default="")),
                (
                    "apply",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="recon.apply"
                    ),
                ),
            ],
            options={
                "db_table": "apply_call",
                "constraints": [models.UniqueConstraint(fields=("apply", "position"), name="apply_call_once")],
            },
        ),
        migrations.CreateModel(
            name="BulkRepairItem",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_id", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("outcome", models.TextField(default="", help_text="empty while nothing has come of it")),
                ("explanation", models.TextField(default="")),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "bulk_repair",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="recon.bulkrepair"
                    ),
                ),
            ],
            options={
                "db_table": "bulk_repair_item",
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True)),
                        fields=["bulk_repair", "id"],
                        name="bulk_repair_item_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("bulk_repair", "account_id"), name="bulk_repair_item_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountState",
            fields=[
                ("account_id", models.TextField(primary_key=True, serialize=False)),
                (
                    "evaluated_at",
                    models.DateTimeField(help_text="the latest evaluation, also when its outcome was the same"),
                ),
                ("changed_at", models.DateTimeField(help_text="the evaluation at which the outcome last changed")),
                (
                    "drift_since",
                    models.DateTimeField(help_text="since when some cell differs, without a break", null=True),
                ),
                ("is_known", models.BooleanField()),
                ("state", models.TextField(null=True)),
                (
                    "classes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                (
                    "details",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                (
                    "findings",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, help_text="kinds, each once", size=None
                    ),
                ),
                ("drifted_cells", models.IntegerField(default=0)),
                ("writes", models.IntegerField(default=0)),
                ("risk", models.TextField(null=True)),
                ("is_stuck_in_bad_debt", models.BooleanField(default=False)),
                ("has_inconsistent_flags", models.BooleanField(default=False)),
                ("is_flagged_but_paid", models.BooleanField(default=False)),
                (
                    "standing",
                    models.JSONField(default=dict, help_text="finding → {since, opened}: a case opens after 24 hours"),
                ),
                ("owed", models.JSONField(default=dict, help_text="currency → collectible minor units")),
                ("oldest_due_at", models.DateTimeField(null=True)),
                ("next_evaluation_at", models.DateTimeField(null=True)),
                ("reads", models.JSONField(default=dict)),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="recon.evaluation"
                    ),
                ),
            ],
            options={
                "db_table": "account_state",
                "indexes": [
                    models.Index(
                        condition=models.Q(("drifted_cells__gt", 0)),
                        fields=["account_id"],
                        name="account_state_drifted",
                    ),
                    models.Index(
                        condition=models.Q(("writes__gt", 0)), fields=["account_id"], name="account_state_writable"
                    ),
                    models.Index(
                        condition=models.Q(("next_evaluation_at__isnull", False)),
                        fields=["next_evaluation_at"],
                        name="account_state_timer",
                    ),
                    models.Index(fields=["state", "account_id"], name="account_state_state"),
                    django.contrib.postgres.indexes.GinIndex(fields=["classes"], name="account_state_classes"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SweepChunk",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.IntegerField()),
                ("account_ids", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("done_at", models.DateTimeField(null=True)),
                ("counts", models.JSONField(default=dict)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="recon.sweeprun"
                    ),
                ),
            ],
            options={
                "db_table": "sweep_chunk",
                "constraints": [models.UniqueConstraint(fields=("run", "number"), name="sweep_chunk_once")],
            },
        ),
    ]
