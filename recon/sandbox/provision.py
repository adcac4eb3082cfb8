"""Seven databases in one cluster: ours, the five stores with their reference schema and roles, and the Stripe twin's.

Each store has an owner (seeds it, as the system that owns it would) and the engine's role with the grants of
`schema/<store>.grants.sql`, which also serve as the example for real stores.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

SCHEMA: Final = Path(__file__).parent / "schema"
STORES: Final = ("subs_account", "subs_customer", "subs_dunning", "billing_prod", "cf_prod")
OURS: Final = "recon"
TWIN: Final = "stripe_twin"
DATABASES: Final = (OURS, *STORES, TWIN)

PasswordOf = Callable[[str], str]
ConnInfo = Callable[[str], str]


def owner_role(database: str) -> str:
    return database if database in (OURS, TWIN) else f"{database}_owner"


def engine_role(store: str) -> str:
    return f"recon_engine_{store}"


def fingerprint() -> str:
    """Changes when the schema or the roles do: a cluster with another one is built anew."""
    sources = (Path(__file__), *sorted(SCHEMA.glob("*.sql")))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


def provision(superuser: ConnInfo, password_of: PasswordOf) -> None:
    """Create roles, databases, schema and grants, dropping what an older schema left. `superuser(db)` is a conninfo."""
    with psycopg.connect(superuser("postgres"), autocommit=True) as conn:
        for database in DATABASES:
            recreate_database(conn, database, password_of)
    for store in STORES:
        with psycopg.connect(superuser(store)) as conn:
            _create_store(conn, store, password_of)


def recreate_database(conn: psycopg.Connection, database: str, password_of: PasswordOf) -> None:
    """Drop and create one database, owned by its owner and closed to everyone else."""
    owner = owner_role(database)
    _ensure_role(conn, owner, password_of(owner))
    names = {"db": sql.Identifier(database), "owner": sql.Identifier(owner)}
    _roll_back_prepared(conn, database)
    conn.execute(sql.SQL("DROP DATABASE IF EXISTS {db} WITH (FORCE)").format(**names))
    conn.execute(sql.SQL("CREATE DATABASE {db} OWNER {owner}").format(**names))
    conn.execute(sql.SQL("REVOKE ALL ON DATABASE {db} FROM PUBLIC").format(**names))


def _roll_back_prepared(conn: psycopg.Connection, database: str) -> None:
    """A database with a prepared transaction cannot be dropped; finishing one needs a connection to it."""
    found = conn.execute("SELECT gid FROM pg_prepared_xacts WHERE database = %s", [database]).fetchall()
    if not found:
        return
    with psycopg.connect(conn.info.dsn, password=conn.info.password, dbname=database, autocommit=True) as inside:
        for (gid,) in found:
            inside.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(gid)))


def _ensure_role(conn: psycopg.Connection, role: str, password: str) -> None:
    known = conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER" if known else "CREATE")
    statement = sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}")
    conn.execute(statement.format(verb, sql.Identifier(role), sql.Literal(password)))


def _create_store(conn: psycopg.Connection, store: str, password_of: PasswordOf) -> None:
    engine, owner = engine_role(store), owner_role(store)
    _ensure_role(conn, engine, password_of(engine))
    conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(owner)))
    conn.execute((SCHEMA / f"{store}.sql").read_bytes())
    conn.execute((SCHEMA / f"{store}.grants.sql").read_bytes())
    conn.execute("RESET ROLE")
    names = {"db": sql.Identifier(store), "engine": sql.Identifier(engine)}
    conn.execute(sql.SQL("GRANT CONNECT ON DATABASE {db} TO {engine}").format(**names))
    # Recovery compares the server's identity and timeline with what it prepared on.
    conn.execute(
        sql.SQL("GRANT EXECUTE ON FUNCTION pg_control_system(), pg_control_checkpoint() TO {engine}").format(**names)
    )
