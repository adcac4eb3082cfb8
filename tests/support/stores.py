"""The five stores as their owners see them."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from recon.sandbox.provision import STORES

Connect = Callable[[str], psycopg.Connection]


def connect_as_owner(store: str, env: Mapping[str, str]) -> psycopg.Connection:
    return psycopg.connect(env[f"SANDBOX_{store.upper()}_OWNER_URL"], autocommit=True)


def empty_stores(env: Mapping[str, str]) -> None:
    """Remove every row of the five stores, and first what prepared transactions still hold."""
    roll_back_prepared(env)
    for store in STORES:
        with connect_as_owner(store, env) as conn:
            tables = [sql.Identifier(name) for name in tables_of(conn)]
            conn.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(tables)))


def roll_back_prepared(env: Mapping[str, str]) -> None:
    """Only a connection to the same database may finish a prepared transaction."""
    admin = env["SANDBOX_ADMIN_URL"]
    with psycopg.connect(admin, autocommit=True) as conn:
        found = conn.execute("SELECT gid, database FROM pg_prepared_xacts").fetchall()
    for gid, database in found:
        with psycopg.connect(urlsplit(admin)._replace(path=f"/{database}").geturl(), autocommit=True) as conn:
            conn.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(gid)))


def tables_of(conn: psycopg.Connection) -> list[str]:
    found = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [name for (name,) in found]
