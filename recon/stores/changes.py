"""How a store tells which accounts changed, without code: triggers fill a table, and `manage.py listen` empties it.

A table and no NOTIFY, because a transaction that has notified cannot be prepared, its own schema's triggers included.
A row leaves the table only after it was received, and a cursor that late commits could slip past is not needed. What
the engine's own role writes is left out: a repair marks its account itself.
"""

from collections.abc import Iterator, Sequence
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

HEADER: Final = """\
-- Tell the engine which accounts of {store} change. Run it as the owner of the tables; a second time does no harm.
-- Each statement leaves a row for each account that it touched; `manage.py listen` receives them and takes them away.
-- To undo it: DROP TABLE recon_changes; DROP FUNCTION recon_note_changes, recon_note_parents CASCADE;
"""
TABLE: Final[LiteralString] = """
CREATE TABLE IF NOT EXISTS recon_changes (
    event_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id text NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, DELETE ON recon_changes TO {engine};

-- Whoever writes to the store need not be allowed to write to recon_changes.
CREATE OR REPLACE FUNCTION recon_note_changes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO recon_changes (account_id) SELECT DISTINCT account_id FROM changed WHERE account_id IS NOT NULL;
    IF TG_OP = 'UPDATE' THEN  -- a row that moved to another account
        INSERT INTO recon_changes (account_id)
        SELECT account_id FROM former WHERE account_id IS NOT NULL EXCEPT SELECT account_id FROM changed;
    END IF;
    RETURN NULL;
END $$;
"""
# For a table whose rows name their account by a row of another table.
PARENTS: Final[LiteralString] = """
CREATE OR REPLACE FUNCTION recon_note_parents() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO recon_changes (account_id)
    SELECT DISTINCT {parent}.account_id FROM changed JOIN {parent} USING ({key});
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

THERE: Final = "SELECT to_regclass('recon_changes') IS NOT NULL"
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
        """Whether the store has the recipe's table. Raises StoreUnreachable, as the others here."""
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


def recipe(store: type[PostgresStore], role: str) -> str:
    """The SQL that the store's owner runs once; `role` is whom the engine connects as."""
    parts = [HEADER.format(store=store.name), *(part.as_string() for part in _parts(store, role))]
    return "".join(parts) + "\n"


def _parts(store: type[PostgresStore], role: str) -> Iterator[sql.Composable]:
    yield sql.SQL(TABLE).format(engine=sql.Identifier(role))
    for table in store.tables:
        if table.name in PARENT_OF:
            parent, key = PARENT_OF[table.name]
            yield sql.SQL(PARENTS).format(parent=sql.Identifier(parent), key=sql.Identifier(key))
    for table in store.tables:
        function = "recon_note_parents" if table.name in PARENT_OF else "recon_note_changes"
        for event, rows in EVENTS:
            yield sql.SQL(TRIGGER).format(
                name=sql.Identifier(f"recon_{event.lower()}"),
                event=sql.SQL(event),
                table=sql.Identifier(table.name),
                rows=sql.SQL(rows),
                role=sql.Literal(role),
                function=sql.Identifier(function),
            )
