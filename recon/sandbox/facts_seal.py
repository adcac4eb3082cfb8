"""A seal over everything that no repair may change: each FACT and INTENT column of the stores, and Stripe's objects.

One checksum a table. What is left out is what the engine owns: DERIVED columns with their book-keeping, tables that are
derived as a whole, our own block, and the two metadata keys in Stripe.
"""

from collections.abc import Mapping
from typing import Final

import psycopg
from psycopg import sql

from recon.bootstrap import DATABASE_STORES
from recon.sandbox.provision import TWIN
from recon.stores.tables import Table

BOOKKEEPING: Final = frozenset({"row_version", "updated_at"})

ROWS = "SELECT md5(coalesce(string_agg(r::text, E'\\n' ORDER BY r::text), '')) FROM (SELECT {} FROM {} WHERE {}) r"
# A customer without our metadata, every other object whole. Events and keys are the twin's own diary.
OBJECTS = """
    SELECT kind, md5(string_agg(id || body, E'\\n' ORDER BY id)) FROM (
        SELECT kind, id, CASE kind WHEN 'customer' THEN
            (body::jsonb #- '{metadata,debt_state}' #- '{metadata,account_id}')::text ELSE body::text END AS body
        FROM objects WHERE kind <> 'event') o
    GROUP BY kind
"""


def seal(env: Mapping[str, str]) -> dict[str, str]:
    """`store.table` → checksum of what is not ours to write, read as the stores' owners."""
    sums: dict[str, str] = {}
    for store in DATABASE_STORES:
        with psycopg.connect(env[f"SANDBOX_{store.name.upper()}_OWNER_URL"]) as conn:
            for table in store.tables:
                if (checksum := _checksum(conn, table)) is not None:
                    sums[f"{store.name}.{table.name}"] = checksum
    with psycopg.connect(env["STRIPE_TWIN_DATABASE_URL"]) as conn:
        sums |= {f"{TWIN}.{kind}": checksum for kind, checksum in conn.execute(OBJECTS).fetchall()}
    return sums


def broken(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The tables whose facts are not bit for bit what they were."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _checksum(conn: psycopg.Connection, table: Table) -> str | None:
    """None for a table that is derived as a whole. Where rows have several owners, those of the others count."""
    if table.ours:
        columns = list(table.columns)
        others = [sql.SQL("{} <> {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in table.ours]
        where: sql.Composable = sql.SQL(" AND ").join(others)
    else:
        columns = [name for name in table.columns if name not in table.derived | BOOKKEEPING]
        where = sql.SQL("true")
    if set(columns) <= set(table.key) and table.derived:
        return None
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    row = conn.execute(sql.SQL(ROWS).format(names, sql.Identifier(table.name), where)).fetchone()
    return str(row[0]) if row else None
