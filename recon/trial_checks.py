"""`manage.py check --database default`: would a database give and take what the engine asks and writes there?

Nothing is written: the server only plans each statement, with each word that the engine may write, and refuses then
already a type, a word, a length, a view that it cannot write through, a generated column.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from django.core.checks import CheckMessage, Error, Warning

from recon.engine.facts import Stored
from recon.engine.schema import ColumnType
from recon.stores.base import RowWrite
from recon.stores.mapping import closed_words
from recon.stores.postgres import PostgresStore, asked_of
from recon.stores.tables import Table
from recon.stores.two_phase import statement_of
from recon.stores.writable import row_privileges, written_there

SUBSCRIPTION: Final = "primary_subscription_id"
EXAMPLES: Final[Mapping[ColumnType, tuple[Stored, ...]]] = {
    ColumnType.TEXT: ("free",),
    ColumnType.BOOLEAN: (True, False),
    ColumnType.INTEGER: (0,),
    ColumnType.TIME: (datetime(2026, 3, 1, 15, tzinfo=UTC),),
}
OF_SUBSCRIPTION: Final = ("sub_" + "0" * 24,)  # as long as Stripe makes them
MAY_BE_NONE: Final = frozenset({SUBSCRIPTION, "oldest_due_at"})
NEVER_NULL: Final = "SELECT attnotnull FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s"
ROUNDS: Final = "SELECT atttypmod BETWEEN 0 AND 5 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s"
NEEDED: Final = """
SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull
    AND NOT atthasdef AND attidentity = '' AND attname <> ALL(%s) ORDER BY attnum
"""
# Who may see every row is told so by a policy that is always true, and hindered by no restrictive one.
HIDING: Final = """
WITH said AS (
    SELECT polpermissive, pg_get_expr(polqual, polrelid) = 'true' AS of_all FROM pg_policy
    WHERE polrelid = %(place)s::regclass AND polcmd IN ('r', '*') AND EXISTS (
        SELECT FROM unnest(polroles) AS its WHERE CASE its WHEN 0 THEN true ELSE pg_has_role(its, 'USAGE') END)
)
SELECT row_security_active(%(place)s::regclass) AND (
    NOT EXISTS (SELECT FROM said WHERE polpermissive AND of_all)
    OR EXISTS (SELECT FROM said WHERE NOT polpermissive AND NOT of_all))
"""
# Where no policy is for a command, it meets no row.
FORBIDDEN: Final = """
SELECT command FROM unnest(%(commands)s::text[]) AS command
WHERE row_security_active(%(place)s::regclass) AND NOT EXISTS (
    SELECT FROM pg_policy WHERE polrelid = %(place)s::regclass AND polpermissive
        AND polcmd IN (CASE command WHEN 'INSERT' THEN 'a' WHEN 'UPDATE' THEN 'w' ELSE 'd' END::"char", '*')
        AND EXISTS (
            SELECT FROM unnest(polroles) AS its WHERE CASE its WHEN 0 THEN true ELSE pg_has_role(its, 'USAGE') END))
"""
CORRECT: Final = "Correct the store mapping, or have a column or a view that suits it."


def check_rows_seen(conn: psycopg.Connection, table: Table, where: str) -> Iterator[CheckMessage]:
    """Whether the server may keep rows from the engine without a word."""
    place = table.relation.target.as_string(conn)
    if conn.execute(HIDING, {"place": place}).fetchone() == (True,):
        hint = f"CREATE POLICY recon ON {place} FOR SELECT TO its role USING (true), unless all of them are meant."
        told = f"{where}: row level security may hide rows from the engine's role, and to it they would be missing."
        yield Warning(told, hint=hint, id="recon.W067")


def check_rows_written(conn: psycopg.Connection, table: Table, where: str) -> Iterator[CheckMessage]:
    """Whether the server would pass over each row that the engine writes: each apply would find its row changed."""
    place = table.relation.target.as_string(conn)
    commands = sorted(row_privileges(table) | ({"UPDATE"} if written_there(table) else set()))
    for (command,) in conn.execute(FORBIDDEN, {"place": place, "commands": commands}):
        hint = (
            f"CREATE POLICY recon ON {place} FOR {command} TO its role, as in recon/sandbox/schema/cf_prod.grants.sql."
        )
        told = f"{where}: row level security lets the engine's role {command} no row."
        yield Error(told, hint=hint, id="recon.E019")


def try_mapped(conn: psycopg.Connection, store: PostgresStore, table: Table, where: str) -> Iterator[CheckMessage]:
    """A table of which the catalogue tells nothing wrong: read for nobody, and no row of it written. The reference
    schema needs no trial."""
    if not table.relation.columns:
        return
    if told := _refusal(conn, table.select(), asked_of([])):
        yield Error(f"{where}: cannot be read so: {told}.", hint=CORRECT, id="recon.E068")
    elif not store.read_only and written_there(table):
        yield from _try_writing(conn, table, where)


def _try_writing(conn: psycopg.Connection, table: Table, where: str) -> Iterator[CheckMessage]:
    lacks = set(table.relation.lacks(table.derived))
    written, refused = sorted(table.derived - lacks), bool(lacks)  # without one of them no row is ever added
    for name in written:
        updates = (RowWrite(table.name, _nobody(table), (), ((name, word),), 0) for word in _words(table, name))
        if told := next(filter(None, (_refused(conn, table, one) for one in updates)), None):
            refused = True
            yield Error(f"{where}.{name}: cannot be written so: {told}.", hint=CORRECT, id="recon.E069")
        elif name in MAY_BE_NONE and _is(conn, NEVER_NULL, table, name):
            hint = "The engine writes null where there is none: ALTER its column DROP NOT NULL."
            yield Error(f"{where}.{name}: its column may not be null.", hint=hint, id="recon.E069")
        elif table.relation.columns[name].ours.holds is ColumnType.TIME and _is(conn, ROUNDS, table, name):
            hint = "ALTER its column TYPE to one of microseconds."
            told = f"{where}.{name}: its column rounds moments, so what is written there is read back as another one."
            yield Warning(told, hint=hint, id="recon.W071")
    if "INSERT" in row_privileges(table) and not refused:
        yield from _try_adding(conn, table, where, written)


def _try_adding(conn: psycopg.Connection, table: Table, where: str, written: list[str]) -> Iterator[CheckMessage]:
    row = RowWrite(table.name, _nobody(table), (), tuple((name, _words(table, name)[0]) for name in written), None)
    relation, place = table.relation, table.relation.target.as_string(conn)
    given = [name for name, _ in (*relation.native((*row.key, *row.after)), *relation.added(row))]
    if lacks := [name for (name,) in conn.execute(NEEDED, [place, given])]:
        hint = "Give each a default there, or its value in the filter of the store mapping."
        yield Error(f"{where}: a row that is added would lack {', '.join(lacks)}.", hint=hint, id="recon.E069")
    elif told := _refused(conn, table, row):
        yield Error(f"{where}: no row can be added so: {told}.", hint=CORRECT, id="recon.E069")


def _nobody(table: Table) -> tuple[tuple[str, Any], ...]:
    """A key that no row has."""
    return tuple((name, dict(table.ours).get(name)) for name in table.key)


def _is(conn: psycopg.Connection, query: str, table: Table, name: str) -> bool:
    (native,) = table.relation.names([name])
    return conn.execute(query.encode(), [table.relation.target.as_string(conn), native]).fetchone() == (True,)


def _words(table: Table, name: str) -> tuple[Stored, ...]:
    """What the engine may write into a column, or examples of it."""
    column = table.relation.columns[name]
    if column.values:
        return tuple(word for _, word in column.values)
    if closed := closed_words(column.ours):
        return tuple(map(str, closed))
    return OF_SUBSCRIPTION if name == SUBSCRIPTION else EXAMPLES[column.ours.holds]


def _refused(conn: psycopg.Connection, table: Table, write: RowWrite) -> str:
    statement, given = statement_of(write, table.relation)
    return _refusal(conn, statement.as_bytes(conn), given)


def _refusal(conn: psycopg.Connection, statement: bytes, given: Sequence[Any] | Mapping[str, Any]) -> str:
    """Why the server would not do it; empty when it would. Its values stand in it as literals: what is only announced
    is looked at too late."""
    try:
        psycopg.ClientCursor(conn).execute(b"EXPLAIN " + statement, given)
    except psycopg.Error as error:
        return (error.diag.message_primary or type(error).__name__).rstrip(".")
    return ""
