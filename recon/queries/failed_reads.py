"""How many accounts each store could not tell of, as last read."""

from collections.abc import Mapping

from django.db import connection

# Only a verdict unknown can rest on a failed read, and those are few.
FAILED = """
select store, count(*) from account_state, jsonb_each(reads) as each (store, read)
where not is_known and not (read ->> 'ok')::boolean group by store
"""


def failed_reads() -> Mapping[str, int]:
    """Store → accounts; a store that answered for all is left out."""
    with connection.cursor() as cursor:
        cursor.execute(FAILED)
        return dict(cursor.fetchall())
