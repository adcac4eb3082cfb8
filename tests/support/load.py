"""A case's rows, put into the stores as their owners would: columns left out get the schema's defaults."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from recon.sandbox.provision import STORES
from tests.support.stores import Connect


def load_rows(case: Mapping[str, Any], owner: Connect) -> None:
    """Insert every row of the case's five databases (Stripe's objects are the twin's to load)."""
    for store in STORES:
        for table, rows in case["stores"].get(store, {}).items():
            insert_rows(owner(store), table, rows)


def insert_rows(conn: psycopg.Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of one table; timestamps may be the JSON's text."""
    for row in rows:
        columns = sql.SQL(", ").join(map(sql.Identifier, row))
        places = sql.SQL(", ").join(sql.Placeholder() for _ in row)
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), columns, places)
        conn.execute(statement, list(row.values()))
