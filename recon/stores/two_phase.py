"""One database's part of a two-phase commit, in plain SQL on connections in autocommit mode.

psycopg's own `tpc_*` calls are not used: after a failed PREPARE they leave the connection in a state that no call
gets out of, and they hide that a PREPARE in a failed transaction prepared nothing. Here every step's status is looked
at, nothing waits until it has to (so that five databases work at once), and a connection on which anything went wrong
is closed.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any, Final, LiteralString

import psycopg
from psycopg import errors, sql
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from recon.engine.facts import StoreName
from recon.stores.base import (
    Fate,
    InDoubt,
    NotWritable,
    Prepared,
    RowWrite,
    StaleRow,
    StoreUnreachable,
    WriteRefused,
)
from recon.stores.connections import AnsweringConnection, Connections, is_silence, sentence_of
from recon.stores.relation import Relation
from recon.stores.tables import Table

# The last of them, which PostgreSQL has since 17, ends a branch that a frozen coordinator left lying. The one before
# does not for sure: behind a pipeline the server may take what libpq still sends for a sign of life.
LIMITS_AND_IDENTITY: Final[LiteralString] = (
    "SELECT pg_current_xact_id()::text, system_identifier::text, set_config('lock_timeout', '2s', true),"
    " set_config('statement_timeout', '5s', true), set_config('idle_in_transaction_session_timeout', '15s', true),"
    " CASE WHEN current_setting('server_version_num')::int >= 170000"
    " THEN set_config('transaction_timeout', '20s', true) END"
    " FROM pg_control_system()"
)
# What a database says of which not this plan is the reason, but what it, or our role there, is.
CANNOT: Final = (
    errors.FeatureNotSupported,
    errors.InsufficientPrivilege,
    errors.ObjectNotInPrerequisiteState,
    errors.ReadOnlySqlTransaction,
)


def statement_of(write: RowWrite, relation: Relation) -> tuple[sql.Composed, list[Any]]:
    """One row's statement, compare-and-set on its version and on every old value; one row or it is stale."""
    if write.row_version is None:
        columns = [*relation.native((*write.key, *write.after)), *relation.added(write)]
        names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
        marks = sql.SQL(", ").join(sql.Placeholder() for _ in columns)
        insert = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING")
        return insert.format(relation.target, names, marks), [value for _, value in columns]
    guard, guarded = _unchanged(write, relation)
    if write.delete:
        return sql.SQL("DELETE FROM {} WHERE {}").format(relation.target, guard), guarded
    after = relation.native(write.after)
    changes = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name, _ in after]
    statement = sql.SQL("UPDATE {} SET {} WHERE {}").format(
        relation.target, sql.SQL(", ").join([*changes, *relation.advance()]), guard
    )
    return statement, [*(value for _, value in after), *guarded]


def _unchanged(write: RowWrite, relation: Relation) -> tuple[sql.Composed, list[Any]]:
    key, olds = relation.native(write.key), list(relation.unchanged(write.before))
    keys = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name, _ in key]
    version = sql.SQL("{} = %s").format(relation.version())
    condition = sql.SQL(" AND ").join([*keys, version, *(old for old, _ in olds), *relation.conditions()])
    return condition, [*(value for _, value in key), write.row_version, *(value for _, value in olds)]


class PostgresBranch:
    """BEGIN, writes, PREPARE on one connection. Raises StaleRow, WriteRefused or StoreUnreachable.

    `read_only` says why the store is never to be written to; empty where it may be.
    """

    def __init__(
        self, store: StoreName, connections: Connections, tables: Mapping[str, Table], read_only: str = ""
    ) -> None:
        self.store = store
        self._read_only = read_only
        self._connections = connections
        self._tables = tables
        self._connection: AnsweringConnection | None = None
        self._pipeline = ExitStack()
        self._counts: list[psycopg.Cursor[Any]] = []
        self._identity: psycopg.Cursor[Any] | None = None
        self._gid = ""

    def send_writes(self, gid: str, writes: Sequence[RowWrite]) -> None:
        """Sends everything up to, and without, PREPARE. Nothing has been waited for on return."""
        self._refuse_facts(writes)
        self._refuse_unsayable(writes)
        self._gid = gid
        try:
            connection = self._connection = self._connections.take()
            self._pipeline.enter_context(connection.pipeline())
            connection.execute("BEGIN")
            self._identity = connection.execute(LIMITS_AND_IDENTITY)
            self._counts = [
                connection.execute(*statement_of(write, self._tables[write.table].relation)) for write in writes
            ]
        except psycopg.Error as error:
            raise self._failed(error) from error

    def await_writes(self) -> Prepared:
        """Waits for the writes; each must have met exactly one row, in a transaction that is still sound."""
        connection, identity = self._working()
        try:
            self._pipeline.close()
            xid, system_identifier, *_ = identity.fetchone() or ("", "")
        except psycopg.Error as error:
            raise self._failed(error) from error
        if any(cursor.rowcount != 1 for cursor in self._counts):
            raise StaleRow(self.store, f"{self.store.value}: a row changed after the plan was computed; recompute")
        if connection.pgconn.transaction_status != TransactionStatus.INTRANS:
            # A PREPARE sent now would answer without an error, and prepare nothing.
            raise WriteRefused(self.store, f"{self.store.value}: the transaction failed before it was prepared")
        return Prepared(gid=self._gid, xid=xid, system_identifier=system_identifier)

    def send_prepare(self) -> None:
        connection, _ = self._working()
        try:
            self._pipeline.enter_context(connection.pipeline())
            connection.execute(sql.SQL("PREPARE TRANSACTION {}").format(sql.Literal(self._gid)))
        except psycopg.Error as error:
            raise self._failed(error) from error

    def await_prepare(self) -> None:
        connection, _ = self._working()
        try:
            self._pipeline.close()
        except psycopg.Error as error:
            raise self._failed(error) from error
        self._connection = None
        self._connections.give_back(connection)

    def abandon(self) -> None:
        """Drops the connection, and with it a transaction that is not prepared."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
            with suppress(psycopg.Error):
                self._pipeline.close()

    def _working(self) -> tuple[AnsweringConnection, psycopg.Cursor[Any]]:
        if self._connection is None or self._identity is None:
            raise WriteRefused(self.store, f"{self.store.value}: this branch was not begun")
        return self._connection, self._identity

    def _refuse_facts(self, writes: Sequence[RowWrite]) -> None:
        """A plan that names a column of somebody else's is wrong, whatever the role may do (P1 of the rules)."""
        for write in writes:
            table = self._tables.get(write.table)
            foreign = table.foreign_to_us(write) if table else {write.table}
            if foreign:
                names = ", ".join(sorted(foreign))
                raise WriteRefused(self.store, f"{self.store.value}.{write.table}: not ours to write: {names}")

    def _refuse_unsayable(self, writes: Sequence[RowWrite]) -> None:
        """A store that may be read need not be one that can be written to: its mapping says."""
        if self._read_only:
            raise NotWritable(self.store, self._read_only)
        for write in writes:
            why = next(self._tables[write.table].relation.hindrances(write), None)
            if why is not None:
                raise NotWritable(self.store, f"{self.store.value}.{write.table}: {why}")

    def _failed(self, error: psycopg.Error) -> StaleRow | WriteRefused | StoreUnreachable:
        self.abandon()
        sentence = sentence_of(error, self.store.value, self._connections.place)
        if isinstance(error, errors.UniqueViolation):
            return StaleRow(self.store, f"{self.store.value}: the row was inserted meanwhile; recompute")
        if is_silence(error):
            return StoreUnreachable(self.store, sentence)
        return NotWritable(self.store, sentence) if isinstance(error, CANNOT) else WriteRefused(self.store, sentence)


class PostgresFinish:
    """COMMIT PREPARED or ROLLBACK PREPARED, in flight from its making on. Raises StoreUnreachable."""

    def __init__(
        self,
        store: StoreName,
        connections: Connections,
        verb: LiteralString,
        gid: str,
        read_back: Sequence[tuple[Relation, RowWrite]] = (),
    ) -> None:
        self._store = store
        self._connections = connections
        self._wanted = read_back
        self._rows: list[psycopg.Cursor[dict[str, Any]]] = []
        self._pipeline = ExitStack()
        try:
            self._connection = connections.take()
            self._pipeline.enter_context(self._connection.pipeline())
            # The server refuses COMMIT PREPARED behind another statement: the rows are asked for afterwards.
            self._connection.execute(sql.SQL(verb + " PREPARED {}").format(sql.Literal(gid)))
        except psycopg.Error as error:
            raise self._unreachable(error) from error

    def outcome(self) -> bool:
        """True: done. False: the server knows no such prepared transaction (its fate has to be asked for)."""
        found = True
        try:
            self._pipeline.close()
        except errors.UndefinedObject:
            found = False
        except psycopg.Error as error:
            # Where the driver sent something of its own behind it, it tells of that instead.
            if not isinstance(error.__context__, errors.UndefinedObject):
                raise self._failed(error) from error
            found = False
            self._begin_anew()
        if not self._wanted:
            self._connections.give_back(self._connection)
            return found
        try:
            self._pipeline.enter_context(self._connection.pipeline())
            self._rows = [select_row(self._connection, relation, write) for relation, write in self._wanted]
        except psycopg.Error as error:
            raise self._failed(error) from error
        return found

    def read_back(self) -> Sequence[Mapping[str, Any] | None]:
        """The rows that were asked for as they stand now; call it once, after `outcome`."""
        if not self._wanted:
            return []
        try:
            self._pipeline.close()
            rows = [cursor.fetchone() for cursor in self._rows]
        except psycopg.Error as error:
            raise self._failed(error) from error
        self._connections.give_back(self._connection)
        for (relation, _), row in zip(self._wanted, rows, strict=True):
            if row is not None:
                relation.translate_derived(row)
        return rows

    def _begin_anew(self) -> None:
        self._connection.close()
        try:
            self._connection = self._connections.fresh()
        except psycopg.Error as error:
            raise self._unreachable(error) from error

    def _failed(self, error: psycopg.Error) -> StoreUnreachable:
        self._connection.close()
        return self._unreachable(error)

    def _unreachable(self, error: psycopg.Error) -> StoreUnreachable:
        if isinstance(error, errors.ObjectNotInPrerequisiteState):
            return StoreUnreachable(
                self._store, f"{self._store.value}: somebody else is finishing this branch just now"
            )
        return StoreUnreachable(self._store, sentence_of(error, self._store.value, self._connections.place))


def fate_of(connection: AnsweringConnection, xid: str, system_identifier: str) -> Fate:
    """What became of a transaction, asked of the server that ran it; another server's answer would be a guess."""
    same_server = "SELECT 1 FROM pg_control_system() WHERE system_identifier::text = %s"
    if connection.execute(same_server, [system_identifier]).fetchone() is None:
        return Fate.UNKNOWN
    row = connection.execute("SELECT pg_xact_status(%s::xid8)", [xid]).fetchone()
    return Fate(row[0]) if row and row[0] else Fate.UNKNOWN


def list_in_doubt(connection: AnsweringConnection, store: StoreName, prefix: str) -> list[InDoubt]:
    """Without those whose name ends with another store's: that one may be in the same database, and asks for itself."""
    others = [one.value for one in StoreName if one is not store]
    listed = connection.execute(
        "SELECT gid, prepared FROM pg_prepared_xacts WHERE database = current_database()"
        " AND starts_with(gid, %s) AND split_part(gid, '.', -1) <> ALL(%s) ORDER BY gid",
        [prefix, others],
    )
    return [InDoubt(gid=gid, prepared_at=prepared) for gid, prepared in listed]


def select_row(connection: AnsweringConnection, relation: Relation, write: RowWrite) -> psycopg.Cursor[dict[str, Any]]:
    """The written columns of the row, and its row_version."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in (*write.after, ("row_version", None)))
    keys = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name, _ in write.key)
    statement = sql.SQL("SELECT {} FROM {} t WHERE {}").format(names, relation.source(), keys)
    values = [value for _, value in relation.native(write.key)]
    return connection.cursor(row_factory=dict_row).execute(statement, values)
