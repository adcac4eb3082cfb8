"""Where our database stands: what changes when it is restored somewhere, and never by our own work."""

from collections.abc import Mapping
from typing import Final

from django.db import DatabaseError, connection, transaction

# A dump that is read in makes database and tables anew. Who may not ask for the server's own number does without.
PLACE: Final = """
SELECT (SELECT oid::text FROM pg_database WHERE datname = current_database()), 'apply'::regclass::oid::text,
       CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
            THEN (SELECT system_identifier::text FROM pg_control_system()) ELSE '' END
"""
# A restore to a moment begins a new one, and so does a standby that takes over.
TIMELINE: Final = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)"


def place() -> Mapping[str, str]:
    """Name → number, in text; empty where the server does not tell it."""
    with connection.cursor() as cursor:
        cursor.execute(PLACE)
        here = dict(zip(("database", "table", "server"), cursor.fetchone(), strict=True))
    return {**here, "timeline": _timeline()}


def _timeline() -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TIMELINE)
            return str(cursor.fetchone()[0])
    except DatabaseError:
        return ""  # a PostgreSQL of somebody's own making has no such files
