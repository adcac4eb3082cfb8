"""Which migrations would stop, or break, what runs beside them: `python -m tests.upgrade.lint`, a part of `make lint`.

While a release is rolled out, the old code works on the new schema. So a column goes a release after the last code that
knew it; its migration is then exempt, with that release for a reason. squawk (https://squawkhq.com/docs/rules) reads
the statements that each migration would run; what it cannot see in them is looked for among the operations. No database
is asked.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

APP: Final = "recon"
POSTGRES: Final = "18"
SQUAWK: Final = Path(sys.executable).with_name("squawk")
# Matters of taste, and what `manage.py migrate` sees to: it sets both time-outs, and clears away half-built indexes.
NOT_ASKED: Final = (
    "ban-char-field",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-robust-stmts",
    "prefer-text-field",
    "require-lock-timeout",
    "require-statement-timeout",
)
# Migration → why it may do what no other may.
EXEMPT: Final[Mapping[str, str]] = dict.fromkeys(
    (
        "0003_people_and_course",
        "0004_signs_of_life",
        "0008_bulk_runs",
        "0009_queues",
        "0010_case_decisions",
        "0011_policy_versions",
        "0012_undo",
        "0013_bulk_proposals",
    ),
    "a part of 0.1.0, which is installed whole: nothing runs beside it, and its tables are empty",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """`rule` is squawk's name of it, or ours."""

    migration: str
    rule: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Written:
    """What a migration would run, and the operations that say so."""

    name: str
    is_atomic: bool
    sql: str
    operations: tuple[Any, ...]


def main() -> int:
    """0 when there is nothing to say."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recon.settings")
    import django

    django.setup()
    told = [fault for fault in faults(written()) if fault.migration not in EXEMPT]
    for fault in told:
        sys.stdout.write(f"{fault.migration}: {fault.rule}: {fault.sentence}\n")
    return 1 if told else 0


def written(more: Iterable[Any] = ()) -> list[Written]:
    """Every migration of ours in order, then each of `more`, which follow one another."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None)
    state = loader.project_state([])
    found = []
    nodes = [loader.graph.nodes[key] for key in loader.graph.forwards_plan(loader.graph.leaf_nodes(APP)[0])]
    for migration in (*nodes, *more):
        if migration.app_label != APP:
            state = migration.mutate_state(state, preserve=False)
            continue
        with _scribe()(connection, collect_sql=True, atomic=False) as scribe:
            state = migration.apply(state, scribe, collect_sql=True)
        sql = "\n".join(scribe.collected_sql)
        found.append(Written(migration.name, migration.atomic, sql, tuple(_flat(migration.operations))))
    return found


def faults(migrations: Iterable[Written]) -> list[Fault]:
    """In the order of the migrations."""
    kept = list(migrations)
    told = [*_squawk(kept, is_atomic=True), *_squawk(kept, is_atomic=False), *(f for one in kept for f in _ours(one))]
    order = [one.name for one in kept]
    return sorted(told, key=lambda fault: order.index(fault.migration))


def _scribe() -> type[Any]:
    """Django's own editor would ask a server how to quote parameters, of which schema statements have none."""
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.backends.postgresql.schema import DatabaseSchemaEditor

    class Scribe(DatabaseSchemaEditor):
        def execute(self, sql: Any, params: Any = ()) -> None:
            BaseDatabaseSchemaEditor.execute(self, sql, params or None)

    return Scribe


def _flat(operations: Iterable[Any]) -> Iterator[Any]:
    """Those that touch the database."""
    for one in operations:
        if hasattr(one, "database_operations"):
            yield from _flat(one.database_operations)
        else:
            yield one


def _squawk(migrations: list[Written], *, is_atomic: bool) -> list[Fault]:
    of_kind = [one for one in migrations if one.is_atomic is is_atomic]
    if not of_kind:
        return []
    with tempfile.TemporaryDirectory() as place:
        for one in of_kind:
            Path(place, f"{one.name}.sql").write_text(one.sql, encoding="utf-8")
        command = [SQUAWK, "--reporter=json", f"--pg-version={POSTGRES}", f"--exclude={','.join(NOT_ASKED)}"]
        command += ["--assume-in-transaction"] if is_atomic else []
        files = [f"{one.name}.sql" for one in of_kind]
        done = subprocess.run([*command, *files], cwd=place, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"squawk failed: {done.stderr.strip()}")
    return [Fault(Path(one["file"]).stem, one["rule_name"], one["message"]) for one in json.loads(done.stdout)]


def _ours(one: Written) -> Iterator[Fault]:
    from django.db.migrations.operations import AddField, RunPython

    for added in one.operations:
        if isinstance(added, AddField) and _asks_old_code(added.field):
            told = f"{added.model_name}.{added.name}: old code adds rows without it: give it a db_default."
            yield Fault(one.name, "not-null-without-db-default", told)
    kinds = {isinstance(operation, RunPython) for operation in one.operations}
    if kinds == {True, False}:
        yield Fault(one.name, "python-beside-schema", "Locks are held while it runs: give it a migration of its own.")
    if not one.is_atomic and len(one.operations) > 1:
        told = "Where it breaks off it cannot be run again: one operation in each migration that is not atomic."
        yield Fault(one.name, "many-without-transaction", told)


def _asks_old_code(field: Any) -> bool:
    return not (field.null or field.has_db_default() or field.many_to_many or field.generated)


if __name__ == "__main__":
    sys.exit(main())
