"""How a store tells which accounts changed, without code: triggers fill a table, and `manage.py listen` empties it.

A table and no NOTIFY, because a transaction that has notified cannot be prepared, its own schema's triggers included.
A row leaves the table only after it was received, and a cursor that late commits could slip past is not needed. What
the engine's own role writes is left out: a repair marks its account itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

from recon.engine.facts import StoreName
from recon.stores.base import StoreUnreachable
from recon.stores.connections import Connections, Patience, sentence_of
from recon.stores.postgres import PostgresStore
from recon.stores.tables import Table

HEADER: Final = """\
-- Tell the engine which accounts of {store} change. Run it as the owner of the tables; a second time does no harm.
-- Each statement leaves a row for each account that it touched; `manage.py listen` receives them and takes them away.
-- To undo it: DROP TABLE recon_changes; DROP FUNCTION {functions} CASCADE;
"""
TABLE: Final[LiteralString] = """
CREATE TABLE IF NOT EXISTS recon_changes (
    event_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id text NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, DELETE ON recon_changes TO {engine};

-- Whoever writes to the store need not be allowed to write to recon_changes.
"""
# The triggers of a table whose rows name their account.
ROWS: Final[LiteralString] = """
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO recon_changes (account_id) SELECT DISTINCT {account} FROM changed WHERE {account} IS NOT NULL;
    IF TG_OP = 'UPDATE' THEN  -- a row that moved to another account
        INSERT INTO recon_changes (account_id)
        SELECT {account} FROM former WHERE {account} IS NOT NULL EXCEPT SELECT {account} FROM changed;
    END IF;
    RETURN NULL;
END $$;
"""
# Those of a table whose rows name their account by a row of another table.
PARENTS: Final[LiteralString] = """
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO recon_changes (account_id)
    SELECT DISTINCT parent.{account} FROM changed
    JOIN {parent} AS parent ON parent.{key}::text = changed.{child}::text;
    RETURN NULL;
END $$;
"""
TRIGGER: Final[LiteralString] = """
CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} REFERENCING {rows}
    FOR EACH STATEMENT WHEN (session_user <> {role}) EXECUTE FUNCTION {function}();"""
EVENTS: Final[tuple[tuple[LiteralString, LiteralString], ...]] = (
    ("INSERT", "NEW TABLE AS changed"),
    ("UPDATE", "OLD TABLE AS former NEW TABLE AS changed"),
    ("DELETE", "OLD TABLE AS changed"),
)
PARENT_OF: Final = {"adjustments": ("invoices", "invoice_id")}

# A database of two stores has one table for both, and one of them may have run the recipe alone.
THERE: Final = "SELECT coalesce(has_table_privilege(to_regclass('recon_changes'), 'SELECT'), false)"
WAITING: Final = "SELECT event_id, account_id, occurred_at FROM recon_changes LIMIT %s"
FORGET: Final = "DELETE FROM recon_changes WHERE event_id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Change:
    """A statement in the store touched this account."""

    event_id: UUID
    account_id: str
    occurred_at: datetime


class ChangeFeed:
    """The changes that one store has noted and nobody has received yet."""

    def __init__(self, name: StoreName, url: str, patience: Patience | None = None) -> None:
        self.name = name
        self._connections = Connections(url, patience or Patience())

    def is_there(self) -> bool:
        """Whether the recipe was run for this role. Raises StoreUnreachable, as the others here."""
        return bool(self._run(THERE, []) == [(True,)])

    def waiting(self, limit: int) -> list[Change]:
        return [Change(*row) for row in self._run(WAITING, [limit])]

    def forget(self, changes: Sequence[Change]) -> None:
        """They were received. What is not forgotten comes again, under the same event id."""
        self._run(FORGET, [[change.event_id for change in changes]])

    def _run(self, statement: LiteralString, params: Sequence[object]) -> list[tuple[Any, ...]]:
        try:
            with self._connections.using() as connection:
                cursor = connection.execute(statement, params)
                return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise StoreUnreachable(self.name, sentence_of(error, self.name.value, self._connections.place)) from error


def recipe(store: PostgresStore | type[PostgresStore], role: str) -> str:
    """The SQL that the store's owner runs once; `role` is whom the engine connects as."""
    tables = {table.name: table for table in store.tables if table.relation.there}
    functions = {_function(table): table for table in reversed(tables.values())}
    parts: list[sql.Composable] = [sql.SQL(TABLE).format(engine=sql.Identifier(role))]
    parts += [_body(function, table, tables) for function, table in sorted(functions.items())]
    parts += [trigger for table in tables.values() for trigger in _triggers(table, role)]
    header = HEADER.format(store=store.name, functions=", ".join(sorted(functions)))
    return "".join([header, *(part.as_string() for part in parts)]) + "\n"


def _function(table: Table) -> str:
    """What its triggers call: the reference schema's tables name their account alike."""
    if table.relation.columns:
        return f"recon_note_{table.name}"
    return "recon_note_parents" if table.name in PARENT_OF else "recon_note_changes"


def _body(function: str, table: Table, tables: Mapping[str, Table]) -> sql.Composed:
    name = sql.Identifier(function)
    if table.name not in PARENT_OF:
        return sql.SQL(ROWS).format(function=name, account=_column(table, "account_id"))
    parent, key = tables[PARENT_OF[table.name][0]], PARENT_OF[table.name][1]
    return sql.SQL(PARENTS).format(
        function=name,
        account=_column(parent, "account_id"),
        parent=parent.relation.target,
        key=_column(parent, key),
        child=_column(table, key),
    )


def _column(table: Table, ours: str) -> sql.Identifier:
    (native,) = table.relation.names([ours])
    return sql.Identifier(native)


def _triggers(table: Table, role: str) -> Iterator[sql.Composed]:
    for event, rows in EVENTS:
        yield sql.SQL(TRIGGER).format(
            name=sql.Identifier(f"recon_{event.lower()}"),
            event=sql.SQL(event),
            table=table.relation.target,
            rows=sql.SQL(rows),
            role=sql.Literal(role),
            function=sql.Identifier(_function(table)),
        )
