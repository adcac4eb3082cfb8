"""All that our database holds, in short, so that two moments can be compared."""

from collections.abc import Collection

from django.db import connection

# What every request may write: the session and who looked at whom.
OF_EVERY_REQUEST = frozenset({"django_session", "look_up", "api_token"})


def fingerprint(but: Collection[str] = OF_EVERY_REQUEST) -> dict[str, str]:
    """Table → a digest of its rows."""
    names = [name for name in connection.introspection.table_names() if name not in but]
    parts = [
        f"select '{name}', coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {name} t" for name in names
    ]
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(parts))
        return dict(cursor.fetchall())
