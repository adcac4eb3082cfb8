"""`manage.py check --database default`: whether a store's replica is that store's, and how far it is behind."""

from collections.abc import Iterator
from typing import Final

import psycopg
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from recon.bootstrap import reader_of
from recon.stores.postgres import PostgresStore
from recon.stores.replica import ReplicatedStore

CONNECT_TIMEOUT_S: Final = 3
WHO: Final = "SELECT system_identifier::text, pg_is_in_recovery() FROM pg_control_system()"
ALONE: Final = "Only its last commit tells how old it is: have something commit there each minute, or set {}_URL."


def check_replica(conn: psycopg.Connection, store: PostgresStore) -> Iterator[CheckMessage]:
    """`conn` is to the store itself; to its replica, where only that is known."""
    variable, url = f"{store.name.upper()}_REPLICA_URL", settings.STORE_REPLICAS[store.name]
    if not url:
        return
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S, autocommit=True) as replica:
            server, is_standby = replica.execute(WHO).fetchone() or ("", False)
            (primary, _) = conn.execute(WHO).fetchone() or ("", False)
    except psycopg.Error as error:
        hint = f"Correct {variable}, or start the server; meanwhile the primary is read."
        told = str(error).strip().splitlines()[0].rstrip(".")
        yield Error(f"{store.name}: its replica cannot be reached: {told}.", hint=hint, id="recon.E080")
        return
    if not is_standby:
        hint = f"Set {variable} to a physical standby: of another copy nobody can tell how old it is."
        yield Error(f"{store.name}: its replica is no standby.", hint=hint, id="recon.E081")
    elif server != primary:
        hint = f"Set {variable} to a standby of {store.name.upper()}_URL."
        yield Error(f"{store.name}: its replica is of another cluster.", hint=hint, id="recon.E082")
    else:
        yield from _check_lag(store)


def _check_lag(store: PostgresStore) -> Iterator[CheckMessage]:
    reader = reader_of(store)
    if not settings.STORES[store.name]:
        hint = ALONE.format(store.name.upper())
        yield Warning(f"{store.name}: only its replica is known.", hint=hint, id="recon.W083")
    elif isinstance(reader, ReplicatedStore):
        if why := reader.standing().why_not:
            yield Warning(why, hint="Meanwhile the primary is read, for a fifth of the time.", id="recon.W084")
        reader.close()
