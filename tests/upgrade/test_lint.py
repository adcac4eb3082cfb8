"""The linter of migrations passes ours, and refuses a bad one of each kind for the reason that makes it bad."""

from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from tests.upgrade.lint import APP, EXEMPT, faults, written

UNIQUE = models.UniqueConstraint(fields=["account_id"], name="note_one")
CHECK = models.CheckConstraint(condition=~models.Q(author=""), name="note_author")
BAD: dict[str, list[Operation]] = {
    "not-null-without-db-default": [migrations.AddField("Note", "kind", models.TextField(default=""))],
    "adding-not-nullable-field": [migrations.AlterField("Relapse", "released_at", models.DateTimeField())],
    "ban-drop-column": [migrations.RemoveField("Snooze", "reason")],
    "ban-drop-table": [migrations.DeleteModel("SavedFilter")],
    "renaming-column": [migrations.RenameField("Note", "text", "words")],
    "renaming-table": [migrations.AlterModelTable("WorkClaim", "in_hand")],
    "require-concurrent-index-creation": [migrations.AddIndex("Note", models.Index(fields=["author"], name="by_whom"))],
    "require-concurrent-index-deletion": [migrations.RemoveIndex("LookUp", "look_up_at")],
    "constraint-missing-not-valid": [migrations.AddConstraint("Note", CHECK)],
    "disallowed-unique-constraint": [migrations.AddConstraint("Note", UNIQUE)],
    "adding-foreign-key-constraint": [migrations.RunSQL("ALTER TABLE note ADD FOREIGN KEY (id) REFERENCES inbox (id)")],
    "changing-column-type": [migrations.AlterField("Cluster", "cause", models.IntegerField())],
    "python-beside-schema": [
        migrations.AddField("QueueCount", "note", models.TextField(null=True)),
        migrations.RunPython(migrations.RunPython.noop),
    ],
    "many-without-transaction": [
        migrations.AddField("Pulse", "note", models.TextField(null=True)),
        migrations.AddField("Pulse", "other", models.TextField(null=True)),
    ],
}
GOOD: list[Operation] = [
    migrations.AddField("Note", "kind", models.TextField(default="", db_default="")),
    migrations.AddField("Note", "till", models.DateTimeField(null=True)),
    migrations.CreateModel("Tag", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]),
    migrations.AddConstraint("Tag", models.UniqueConstraint(fields=["name"], name="tag_once")),
]


def made(name: str, operations: list[Operation]) -> migrations.Migration:
    migration = migrations.Migration(name, APP)
    migration.operations = operations
    migration.atomic = name != "many-without-transaction"
    return migration


def test_a_bad_migration_of_each_kind_is_refused_and_ours_are_not() -> None:
    told = faults(written(made(rule, operations) for rule, operations in BAD.items()))
    refused = {fault.migration: {one.rule for one in told if one.migration == fault.migration} for fault in told}
    ours = {name for name in refused if name not in BAD}
    assert {rule for rule in BAD if rule not in refused.get(rule, ())} == set()
    assert ours == EXEMPT.keys()  # an exemption that nothing needs is none


def test_what_old_code_does_not_notice_is_let_through() -> None:
    assert [fault for fault in faults(written([made("good", GOOD)])) if fault.migration not in EXEMPT] == []
