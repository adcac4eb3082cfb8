"""Reading one of the five databases: one repeatable-read snapshot, one statement a table, all statements in flight.

A store is declared by its tables (`subs_account.py` and its neighbours); the code here is the same for the five.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from struct import unpack
from typing import Any, Final, Self

import psycopg
from psycopg import errors
from psycopg.rows import dict_row
from psycopg.types.datetime import TimestamptzLoader

from recon.engine.facts import Reading, StoreName
from recon.stores.base import Fate, Finish, InDoubt, RowWrite, Scope, StoreUnreachable
from recon.stores.connections import AnsweringConnection, Connections, Patience, RestingConnections, sentence_of
from recon.stores.relation import Relation, Unreadable, Untranslated
from recon.stores.tables import OWNER, Table, fingerprints_of, roster_of_shards, roster_page
from recon.stores.two_phase import PostgresBranch, PostgresFinish, fate_of, list_in_doubt

BEGIN_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# A question about many accounts is planned for so many, along the indexes; the store's others keep its processors.
ABOUT_MANY: Final = """
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('random_page_cost', '1.1', true),
       set_config('max_parallel_workers_per_gather', '0', true)
"""
# A question about everybody may take longer and sort more, and still has one processor of the store.
ABOUT_ALL: Final = """
SELECT set_config('statement_timeout', %s, true), set_config('work_mem', '64MB', true),
       set_config('max_parallel_workers_per_gather', '0', true), set_config('transaction_read_only', 'on', true)
"""
GAVE_UP: Final = (
    errors._WaitTimeout,
    errors.ConnectionTimeout,
    errors.QueryCanceled,
)  # trying again would take as long
Tables = dict[str, list[dict[str, Any]]]
Doubtful = tuple[Table, dict[str, Any], str, Unreadable]  # a value that is none, with its row and column
Snapshot = tuple[Tables, Sequence[int]]  # the rows of each table; the scopes' fingerprints, where they were asked for


def utc_now() -> datetime:
    return datetime.now(UTC)


class TolerantTimestamps(TimestamptzLoader):
    """Gives `Unreadable` where psycopg raises, so that one absurd date fails one account and not a whole chunk."""

    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return Unreadable(bytes(data).decode(errors="replace"))


class PostgresStore:
    """One of the five databases. Reads as `Store` and `BulkStore` say, writes as `WritableStore` says.

    `relations` are where its tables are, all of them, when they are not the reference schema's; `read_only` says why it
    is never written to, and what to do about that. `share` is how much of the time it may be asked in bulk, above 0.
    """

    name: StoreName
    tables: tuple[Table, ...]
    roster: tuple[str, ...]  # the tables that say whom it knows

    def __init__(
        self,
        url: str,
        *,
        relations: tuple[Relation, ...] = (),
        read_only: str = "",
        patience: Patience | None = None,
        clock: Callable[[], datetime] = utc_now,
        share: float = 1.0,
    ) -> None:
        self.connections = Connections(url, patience or Patience())
        self.share = share
        self.clock = clock
        self.read_only = read_only
        self.relations = relations
        self.tables = tuple(replace(table, relations=relations) for table in self.tables)
        self._roster = [table for table in self.tables if table.name in self.roster]

    def in_bulk(self) -> Self:
        """Whom to read much of: it leaves the database to others for the rest of the time."""
        return self if self.share == 1 else self._resting

    @cached_property
    def _resting(self) -> Self:
        return self.at_share(self.share)

    def at_share(self, share: float) -> Self:
        resting = copy(self)
        resting.connections = RestingConnections(self.connections.url, self.connections.patience, share)
        return resting

    def read(self, scope: Scope) -> Reading:
        return self.read_many([scope])[scope.account_id]

    def read_many(self, scopes: Sequence[Scope], *, fingerprints: bool = False) -> Mapping[str, Reading]:
        """What this store says of each account, all out of one snapshot; never raises for an outside failure.

        With `fingerprints`, those of the account's own rows too: of a family, each member's counts for itself alone.
        """
        as_of = self.clock()
        try:
            rows, taken = self._retrying_a_stale_connection(scopes, fingerprints)
        except psycopg.Error as error:
            reason = sentence_of(error, self.name.value, self.connections.place)
            return {scope.account_id: Reading(self.name, as_of, {}, ok=False, reason=reason) for scope in scopes}
        numbers = dict(zip((scope.account_id for scope in scopes), taken, strict=fingerprints))
        return {
            account: self._reading(as_of, rows_of, numbers.get(account))
            for account, rows_of in self._by_account(scopes, rows).items()
        }

    def rows(self, scope: Scope) -> Tables:
        """The account's rows as they are, `Unreadable` values among them. Raises StoreUnreachable."""
        try:
            rows, _ = self._retrying_a_stale_connection([scope], fingerprints=False)
        except psycopg.Error as error:
            raise self._unreachable(error) from error
        return self._by_account([scope], rows)[scope.account_id]

    def fingerprints(self, account_ids: Sequence[str]) -> Mapping[str, int]:
        """Of each account's rows as `read_many` would read them of accounts that share nothing with another, without
        reading them. Raises StoreUnreachable."""
        asked = asked_of([Scope.of(account_id) for account_id in account_ids])
        try:
            with self.connections.using() as connection:
                with connection.pipeline():
                    connection.execute(BEGIN_SNAPSHOT)
                    connection.execute(ABOUT_MANY)
                    cursor = self._take_fingerprints(connection, asked)
                taken = numbers_of(cursor)
                connection.execute("COMMIT")
        except psycopg.Error as error:
            raise self._unreachable(error) from error
        return dict(zip(account_ids, taken, strict=True))

    def shard_sums(self, shards: int) -> dict[int, int]:
        """Shard → the fingerprints of all its accounts, folded into one; shards without rows are left out. Of each
        table it is as of its own moment. `shards` is a power of two. Raises StoreUnreachable."""
        sums: dict[int, int] = {}
        for table in self.tables:
            for shard, number in self._of_whole_tables(table.shard_sums(), {"mask": shards - 1}):
                if shard is not None:
                    sums[shard] = sums.get(shard, 0) ^ number
        return sums

    def account_ids(self, after: str, limit: int) -> list[str]:
        """The next ids that this store knows, in byte order. Raises StoreUnreachable."""
        try:
            with self.connections.using() as connection:
                found = connection.execute(roster_page(self._roster), {"after": after, "limit": limit}).fetchall()
        except psycopg.Error as error:
            raise self._unreachable(error) from error
        return [row[0] for row in found]

    def account_ids_in(self, shards: Sequence[int], of: int) -> list[str]:
        """The ids that this store knows in these shards out of so many. Raises StoreUnreachable."""
        given = {"mask": of - 1, "shards": list(shards)}
        return [row[0] for row in self._of_whole_tables(roster_of_shards(self._roster), given)]

    def ping(self) -> str:
        """Why it gives no answer, in a sentence; empty when it does."""
        try:
            with self.connections.using() as connection:
                connection.execute("SELECT 1")
        except psycopg.Error as error:
            return sentence_of(error, self.name.value, self.connections.place)
        return ""

    def branch(self) -> PostgresBranch:
        return PostgresBranch(self.name, self.connections, {one.name: one for one in self.tables}, self.read_only)

    def send_commit(self, gid: str, read_back: Sequence[RowWrite] = ()) -> Finish:
        relations = {table.name: table.relation for table in self.tables}
        return PostgresFinish(
            self.name, self.connections, "COMMIT", gid, [(relations[one.table], one) for one in read_back]
        )

    def send_rollback(self, gid: str) -> Finish:
        return PostgresFinish(self.name, self.connections, "ROLLBACK", gid)

    def fate(self, xid: str, system_identifier: str) -> Fate:
        try:
            with self.connections.using() as connection:
                return fate_of(connection, xid, system_identifier)
        except psycopg.Error as error:
            raise self._unreachable(error) from error

    def in_doubt(self, prefix: str) -> list[InDoubt]:
        """The prepared transactions of this store whose gid begins with `prefix`."""
        try:
            with self.connections.using() as connection:
                return list_in_doubt(connection, self.name, prefix)
        except psycopg.Error as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        self.connections.close()

    def _of_whole_tables(self, statement: bytes, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """What a statement answers that has to look at every row."""
        patience = self.connections.patience
        try:
            with self.connections.using() as connection, connection.transaction():
                connection.answer_timeout = patience.whole_table
                connection.execute(ABOUT_ALL, [f"{patience.whole_table:.0f}s"])
                return connection.execute(statement, given, binary=True).fetchall()
        except psycopg.Error as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: psycopg.Error) -> StoreUnreachable:
        return StoreUnreachable(self.name, sentence_of(error, self.name.value, self.connections.place))

    def _retrying_a_stale_connection(self, scopes: Sequence[Scope], fingerprints: bool) -> Snapshot:
        """Reads; once more on new connections when a kept one turns out dead (its server was restarted)."""
        try:
            return self._snapshot(scopes, fingerprints)
        except GAVE_UP:
            raise
        except psycopg.OperationalError:
            self.connections.close()
            return self._snapshot(scopes, fingerprints)

    def _snapshot(self, scopes: Sequence[Scope], fingerprints: bool) -> Snapshot:
        asked = asked_of(scopes)
        with self.connections.using() as connection:
            if len(scopes) == 1:
                connection.answer_timeout = self.connections.patience.one_account
            try:
                return self._rows(connection, asked, fingerprints)
            except psycopg.DataError:
                connection.execute("ROLLBACK")
                return self._rows(connection, asked, fingerprints, tolerant=True)

    def _rows(
        self, connection: AnsweringConnection, asked: Mapping[str, Any], fingerprints: bool, tolerant: bool = False
    ) -> Snapshot:
        with connection.pipeline():
            connection.execute(BEGIN_SNAPSHOT)
            if fingerprints:
                connection.execute(ABOUT_MANY)
            cursors = [self._cursor(connection, tolerant).execute(table.select(), asked) for table in self.tables]
            fingerprint = self._take_fingerprints(connection, asked) if fingerprints else None
        rows = {table.name: cursor.fetchall() for table, cursor in zip(self.tables, cursors, strict=True)}
        for table in self.tables:
            table.relation.translate(rows[table.name])
        taken = numbers_of(fingerprint) if fingerprint is not None else ()
        connection.execute("COMMIT")
        return rows, taken

    def _take_fingerprints(
        self, connection: AnsweringConnection, asked: Mapping[str, Any]
    ) -> psycopg.Cursor[tuple[Any, ...]]:
        return connection.execute(fingerprints_of(self.tables), asked, binary=True)

    def _cursor(self, connection: AnsweringConnection, tolerant: bool) -> psycopg.Cursor[dict[str, Any]]:
        cursor = connection.cursor(row_factory=dict_row)
        if tolerant:
            cursor.adapters.register_loader("timestamptz", TolerantTimestamps)
        return cursor

    def _by_account(self, scopes: Sequence[Scope], rows: Tables) -> dict[str, Tables]:
        """Each row to the account, or accounts, whose truth depends on it; a row reached twice counts once."""
        family, neighbourhood = _readers(scopes, neighbours=False), _readers(scopes, neighbours=True)
        shared: dict[str, Tables] = {scope.account_id: {t.name: [] for t in self.tables} for scope in scopes}
        for table in self.tables:
            readers = neighbourhood if table.by_neighbours else family
            seen: set[tuple[str, ...]] = set()
            for row in rows[table.name]:
                owner = row.pop(OWNER)
                for account in readers[owner] if table.by_family else (owner,):
                    identity = (account, *(row[column] for column in table.key))
                    if identity not in seen:
                        seen.add(identity)
                        shared[account][table.name].append(row)
        return shared

    def _reading(self, as_of: datetime, tables: Tables, fingerprint: int | None) -> Reading:
        doubtful = list(self._doubtful(tables))
        absurd = next(self._told(one for one in doubtful if not _is_drift(*one)), None)
        if absurd is not None:
            return Reading(self.name, as_of, {}, ok=False, reason=absurd)
        for table, row, name, value in doubtful:
            if isinstance(value, Untranslated):
                row[name] = value.as_derived(table.relation.columns[name].ours)
        return Reading(self.name, as_of, tables, fingerprint=fingerprint)

    def unreadable(self, tables: Tables) -> Iterator[str]:
        """Each value of the rows with which no verdict can be reached, told by its row."""
        return self._told(one for one in self._doubtful(tables) if not _is_drift(*one))

    def untranslated(self, tables: Tables) -> Iterator[str]:
        """Each value of a cell of ours that nobody knows: it is drift, and told by its row."""
        return self._told(one for one in self._doubtful(tables) if _is_drift(*one))

    def _told(self, doubtful: Iterable[Doubtful]) -> Iterator[str]:
        for table, row, column, value in doubtful:
            key = ", ".join(str(row[part]) for part in table.key)
            yield f"{self.name.value}.{table.name}[{key}].{column} {value.told}"

    def _doubtful(self, tables: Tables) -> Iterator[Doubtful]:
        for table in self.tables:
            for row in tables[table.name]:
                for column, value in row.items():
                    if isinstance(value, Unreadable):
                        yield table, row, column, value


def asked_of(scopes: Sequence[Scope]) -> dict[str, str]:
    """The parameters that every statement of a table has, each a text[]."""
    return {
        "accounts": text_array(scope.account_id for scope in scopes),
        "members": text_array(sorted({member for scope in scopes for member in scope.family})),
        "neighbourhood": text_array(sorted({one for scope in scopes for one in (*scope.family, *scope.neighbours)})),
    }


def text_array(values: Iterable[str]) -> str:
    """As PostgreSQL writes it: made once for all statements, which the driver would make anew for each."""
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"


def numbers_of(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Sequence[int]:
    """The eight-byte numbers of the one value that the cursor has; NULL is none."""
    (packed,) = cursor.fetchone() or (None,)
    return unpack(f">{len(packed) // 8}q", packed) if packed else ()


def _is_drift(table: Table, row: Mapping[str, Any], column: str, value: Unreadable) -> bool:
    """Whether the cell is ours to repair; of anybody else's an unknown value is a guess."""
    return isinstance(value, Untranslated) and table.owns(row, column)


def _readers(scopes: Sequence[Scope], *, neighbours: bool) -> dict[str, list[str]]:
    """Account → the accounts that were asked for and read its rows."""
    readers: dict[str, list[str]] = {}
    for scope in scopes:
        for member in (*scope.family, *(scope.neighbours if neighbours else ())):
            readers.setdefault(member, []).append(scope.account_id)
    return readers
