"""Whether our database has the tables that this release works on. Nothing that works on it begins without them.

More than them is fine: a newer release may have migrated while this one still serves.
"""

from typing import Any, Final

from celery.signals import worker_init
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

TOLD: Final = (
    "Our database is not migrated: {count} of this release's migrations are not applied, {first} the first of them. "
    "Run `manage.py migrate`, then start again."
)


def not_applied() -> list[str]:
    """This release's migrations that are not in the database yet, in order, as `recon.0001_initial`.

    DatabaseError: it does not answer."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def why_unmigrated() -> str:
    """A sentence, empty when all is applied. A database that does not answer is no reason: it may answer soon."""
    try:
        missing = not_applied()
    except DatabaseError:
        return ""
    return TOLD.format(count=len(missing), first=missing[0]) if missing else ""


@worker_init.connect
def refuse_unmigrated(**_: Any) -> None:
    """Called where a server starts. SystemExit, for Celery passes over all else."""
    told = why_unmigrated()
    connection.close()  # a fork may follow, and two processes cannot share it
    if told:
        raise SystemExit(told)
