"""`manage.py migrate`: Django's, such that the application never stands still behind it.

A statement that waits for its lock makes everybody wait who comes after it. So it soon gives up, and nothing is lost:
what was applied stays, and the same command goes on with the rest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from psycopg import errors

from recon.management.embedded import why_silent

ALONE: Final = "hashtextextended('recon migrate', 0)"
# What a broken-off CREATE INDEX CONCURRENTLY leaves: it answers nothing, and stands in the way of the next try.
HALF_BUILT: Final = """
select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
where not i.indisvalid and n.nspname = current_schema()
  and not exists (select from pg_stat_progress_create_index where index_relid = i.indexrelid)
"""


class Command(migrate.Command):
    help = f"{migrate.Command.help} Gives up where it would keep the application waiting; run it again then."

    def get_check_kwargs(self, options: dict[str, Any]) -> dict[Any, Any]:
        """Without those that visit stores, Stripe and the broker: ours is made before they are known."""
        kwargs: dict[Any, Any] = super().get_check_kwargs(options)
        return kwargs | {"databases": []}

    def handle(self, *args: Any, **options: Any) -> None:
        self.connection: BaseDatabaseWrapper = connections[options["database"]]
        self.applying = "This"
        try:
            with _alone(self.connection):
                if not (options["plan"] or options["check_unapplied"]):
                    self._clear_away_half_built()
                super().handle(*args, **options)
        except OperationalError as error:
            raise CommandError(self._told(error)) from error

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        if action in ("apply_start", "unapply_start") and migration is not None:
            self.applying = str(migration)
            self._limit(migration)
        super().migration_progress_callback(action, migration, fake)

    def _limit(self, migration: Migration) -> None:
        """An index that is built beside the writers may take its time: nobody waits for it."""
        for name, seconds in (
            ("lock_timeout", settings.MIGRATION_LOCK_SECONDS),
            ("statement_timeout", settings.MIGRATION_STATEMENT_SECONDS),
        ):
            _set(self.connection, name, f"{round(seconds * 1000) if migration.atomic else 0}ms")

    def _clear_away_half_built(self) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(HALF_BUILT)
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
                self.stdout.write(f"Dropped {name}, which an earlier run had left half built.")

    def _told(self, error: OperationalError) -> str:
        rest = f"{self.applying} changed nothing; what was applied before it stays. Run migrate again."
        if isinstance(error.__cause__, errors.LockNotAvailable):
            return f"Somebody else held a lock for longer than {settings.MIGRATION_LOCK_SECONDS:g} s. {rest}"
        if isinstance(error.__cause__, errors.QueryCanceled):
            return f"It took longer than {settings.MIGRATION_STATEMENT_SECONDS:g} s. {rest}"
        if told := why_silent():
            return told
        raise error


@contextmanager
def _alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """One migrate at a time. It does not wait: who waits for a lock holds up an index that is built beside writers."""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_try_advisory_lock({ALONE})")
        row = cursor.fetchone()
    if not row or not row[0]:
        raise CommandError("Another migrate is under way on this database: wait for its end, then run it again.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"select pg_advisory_unlock({ALONE})")
        for name in ("lock_timeout", "statement_timeout"):
            _set(connection, name, None)


def _set(connection: BaseDatabaseWrapper, name: str, value: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET {name} TO DEFAULT" if value is None else f"SET {name} TO '{value}'")
