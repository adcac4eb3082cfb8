"""Every event that was acknowledged, which accounts it marked dirty, and what was odd about it."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recon", "0004_signs_of_life"),
    ]

    operations = [
        migrations.CreateModel(
            name="Inbox",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("source", models.TextField(help_text="stripe, or the store that sent it")),
                ("event_id", models.TextField(help_text="the sender's; unique for the source")),
                ("received_at", models.DateTimeField()),
                (
                    "occurred_at",
                    models.DateTimeField(help_text="by the sender's clock; no order rests on it", null=True),
                ),
                ("type", models.TextField(help_text="as invoice.paid; store.changed for a store's")),
                ("object_id", models.TextField(default="")),
                (
                    "refs",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("livemode", models.BooleanField(help_text="Stripe's alone", null=True)),
                (
                    "body",
                    models.JSONField(help_text="as it was sent, but for what differs between deliveries of one event"),
                ),
                ("body_hash", models.CharField(help_text="sha256 of the body", max_length=64)),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("routed", "marked its accounts dirty"),
                            (
                                "unrouted",
                                "names somebody whom no account is known for yet: looked for again at `next_at`",
                            ),
                            ("dead", "nobody was found within a day: waits for a person"),
                            ("ignored", "concerns no account, or another installation's"),
                        ]
                    ),
                ),
                ("attempts", models.IntegerField(default=0, help_text="how often its account was looked for in vain")),
                ("next_at", models.DateTimeField(help_text="when it is looked for again", null=True)),
                ("note", models.TextField(default="", help_text="why it is ignored or dead")),
            ],
            options={
                "db_table": "inbox",
                "indexes": [
                    models.Index(condition=models.Q(("status", "unrouted")), fields=["next_at"], name="inbox_unrouted"),
                    models.Index(condition=models.Q(("status", "dead")), fields=["received_at"], name="inbox_dead"),
                    django.contrib.postgres.indexes.BrinIndex(fields=["received_at"], name="inbox_received"),
                ],
                "constraints": [models.UniqueConstraint(fields=("source", "event_id"), name="inbox_once")],
            },
        ),
        migrations.CreateModel(
            name="InboxFinding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("other_body", "its id came again with another body; the first one was kept"),
                            ("two_accounts", "its customer is linked to more than one account; all were marked"),
                        ]
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "detail",
                    models.JSONField(default=dict, help_text="other_body: {body_hash}; two_accounts: {accounts}"),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="findings", to="recon.inbox"
                    ),
                ),
            ],
            options={
                "db_table": "inbox_finding",
                "indexes": [models.Index(fields=["-at"], name="inbox_finding_latest")],
                "constraints": [models.UniqueConstraint(fields=("event", "kind", "detail"), name="inbox_finding_once")],
            },
        ),
        migrations.CreateModel(
            name="InboxMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_id", models.TextField()),
                ("gen", models.BigIntegerField()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="marks", to="recon.inbox"
                    ),
                ),
            ],
            options={
                "db_table": "inbox_mark",
                "indexes": [models.Index(fields=["account_id", "gen"], name="inbox_mark_account")],
            },
        ),
    ]
