"""Where no plan can be written, though it can be read: asked before anybody approves one.

A place is `store`, `store.table` or `store.table.column`; what hinders a place hinders all that is in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import psycopg

from recon.stores.base import StoreUnreachable
from recon.stores.connections import is_silence, sentence_of
from recon.stores.postgres import PostgresStore
from recon.stores.relation import VERSION
from recon.stores.tables import Table

BOOKKEEPING: Final = frozenset({"row_version", "updated_at"})
SERVER: Final = """
SELECT current_setting('transaction_read_only')::boolean, current_setting('max_prepared_transactions')::int > 0,
    has_function_privilege('pg_control_system()', 'EXECUTE')
"""
LACKING: Final = """
SELECT place FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS asked (place, relation, name, privilege)
WHERE NOT CASE name WHEN '' THEN has_table_privilege(relation, privilege)
    ELSE has_column_privilege(relation, name, privilege) END
"""
# A view that the server cannot write through, a generated column, a table of another server (no transaction on it can
# be prepared). Bits of pg_relation_is_updatable: 1 shl the command, of which UPDATE is 2, INSERT 3, DELETE 4.
CLOSED: Final = """
SELECT place FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS asked (place, relation, name, privilege)
JOIN pg_class ON pg_class.oid = relation::regclass
LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attname = name AND attnum > 0 AND NOT attisdropped
WHERE relkind = 'f' OR attgenerated <> '' OR attidentity = 'a' OR NOT CASE name
    WHEN '' THEN pg_relation_is_updatable(relation::regclass, true)
        & CASE privilege WHEN 'INSERT' THEN 8 ELSE 16 END <> 0
    ELSE pg_column_is_updatable(relation::regclass, attnum, true) END
"""
Needed = tuple[str, str, str, str]  # place, relation, its column (empty: all of it), privilege


def hindrances(store: PostgresStore) -> dict[str, str]:
    """Place → why not, and what to do. Raises StoreUnreachable. What nobody could find out is left out: the apply
    finds it out, and is refused then."""
    if store.read_only:
        return {store.name.value: store.read_only}
    try:
        with store.connections.using() as connection:
            told = dict(_of_server(connection, store)) or dict(_of_mapping(store))
            return told | dict(_of_role(connection, store, told))
    except psycopg.Error as error:
        if is_silence(error):
            sentence = sentence_of(error, store.name.value, store.connections.place)
            raise StoreUnreachable(store.name, sentence) from error
        return {}


def written_there(table: Table) -> frozenset[str]:
    """The columns that the engine changes where the table is: none, where the mapping names no version to compare."""
    relation = table.relation
    if not table.derived or relation.lacks([VERSION]):
        return frozenset()
    touched = {relation.touched} if relation.touched else set()
    return relation.names([*table.derived, VERSION]) | touched


def row_privileges(table: Table) -> frozenset[str]:
    """What it needs besides: adding rows to wholly derived tables, deleting from those of which some rows are ours."""
    if not written_there(table):
        return frozenset()
    is_whole = set(table.columns) <= {*table.key, *table.derived, *BOOKKEEPING}
    return frozenset({"INSERT"} if is_whole else set()) | ({"DELETE"} if table.ours else set())


def _of_server(connection: psycopg.Connection[Any], store: PostgresStore) -> Iterator[tuple[str, str]]:
    name, place = store.name.value, store.connections.place
    is_read_only, prepares, may_ask = connection.execute(SERVER).fetchone() or (True, False, False)
    if is_read_only:
        told = f"the database at {place} is a standby, or its role may only read; name its primary in"
        yield name, f"{name}: {told} {name.upper()}_URL."
    elif not prepares:
        told = f"prepared transactions are off in the database at {place}; set max_prepared_transactions to 64 or more"
        yield name, f"{name}: {told} and restart it."
    elif not may_ask:
        told = "the engine's role may not ask who the server is, so no crash could be settled"
        yield name, f"{name}: {told}; GRANT EXECUTE ON FUNCTION pg_control_system() to it."


def _of_mapping(store: PostgresStore) -> Iterator[tuple[str, str]]:
    for table in store.tables:
        where = f"{store.name.value}.{table.name}"
        if table.derived and table.relation.lacks([VERSION]):
            yield where, f"{where}: its rows have no version to compare; name one in the store mapping."
            continue
        for name in table.relation.lacks(sorted(table.derived)):
            yield f"{where}.{name}", f"{where}: {name} has no column there; name one in the store mapping."


def _of_role(
    connection: psycopg.Connection[Any], store: PostgresStore, told: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    needed = [one for table in store.tables for one in _needed(connection, store, table)]
    if store.name.value in told or not needed:
        return
    asked = [list(column) for column in zip(*needed, strict=True)]
    for (place,) in connection.execute(CLOSED, asked).fetchall():
        kinds = "a view that cannot be written through, a generated column, or a table of another server"
        yield place, f"{place}: nobody can write it where it is ({kinds}); name another place in the store mapping."
    for (place,) in connection.execute(LACKING, asked).fetchall():
        grants = f"grant what recon/sandbox/schema/{store.name.value}.grants.sql grants"
        yield place, f"{place}: the engine's role may not write it; as the table's owner, {grants}."


def _needed(connection: psycopg.Connection[Any], store: PostgresStore, table: Table) -> Iterable[Needed]:
    where, relation = f"{store.name.value}.{table.name}", table.relation.target.as_string(connection)
    of_us = {native: f"{where}.{name}" for name in table.derived for native in table.relation.names([name])}
    for native in sorted(written_there(table)):
        yield of_us.get(native, where), relation, native, "UPDATE"
    for privilege in sorted(row_privileges(table)):
        yield where, relation, "", privilege
