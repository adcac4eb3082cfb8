"""Where our database stands: what changes when it is restored somewhere, and never by our own work."""

from collections.abc import Mapping
from typing import Final

from django.db import connection

# A restore to a moment begins a new timeline; a dump that is read in makes database and tables anew. Who may not ask
# for the server's own number does without.
PLACE: Final = """
SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8),
       (SELECT oid::text FROM pg_database WHERE datname = current_database()), 'apply'::regclass::oid::text,
       CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
            THEN (SELECT system_identifier::text FROM pg_control_system()) ELSE '' END
"""


def place() -> Mapping[str, str]:
    """Name → number, in text."""
    with connection.cursor() as cursor:
        cursor.execute(PLACE)
        return dict(zip(("timeline", "database", "table", "server"), cursor.fetchone(), strict=True))
