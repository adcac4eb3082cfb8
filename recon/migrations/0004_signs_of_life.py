"""Signs of life, and what the audit and the status are asked by. Each index is built beside the running application."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

AUDIT_INDEXES = {
    "audit_action": "audit (action, seq DESC)",
    "audit_at": "audit (at, seq)",
    "audit_request": "audit (request_id, seq DESC) WHERE request_id <> ''",
    "audit_reason": "audit USING gin (to_tsvector('simple'::regconfig, COALESCE(reason, '')))",
}


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("recon", "0003_people_and_course")]
    operations = [
        migrations.CreateModel(
            name="Pulse",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("detail", models.JSONField(default=dict, help_text="of a store: {ok, ms, why}")),
            ],
            options={"db_table": "pulse"},
        ),
        *(
            migrations.RunSQL(
                f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {columns}",
                f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
            )
            for name, columns in AUDIT_INDEXES.items()
        ),
        AddIndexConcurrently(
            "accountstate",
            models.Index(fields=["account_id"], name="account_state_unknown", condition=models.Q(is_known=False)),
        ),
        AddIndexConcurrently(
            "dirty", models.Index(fields=["since"], name="dirty_parked", condition=models.Q(parked=True))
        ),
        AddIndexConcurrently(
            "apply",
            models.Index(fields=["closed_at"], name="apply_exception", condition=models.Q(state="exception")),
        ),
    ]
