"""Connections to one PostgreSQL database: kept, checked, and given up on in time.

A pool with background workers was tried on paper and left: it hides why a server cannot be reached, waits for its full
time-out when one is down, and does not survive the fork of a worker. Here a connection is made when none is idle, so a
refused one answers at once with its reason.
"""

import os
import select
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, LiteralString, Self
from urllib.parse import urlsplit

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

IDLE_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a database may take, in seconds: to answer at all, to read one account while somebody waits, and to look
    through a table."""

    connect: int = 2
    answer: float = 12.0
    one_account: float = 3.0
    statement: float = 10.0
    whole_table: float = 900.0


class AnsweringConnection(psycopg.Connection[Any]):
    """A connection that waits for an answer only so long: a frozen server must not freeze its caller."""

    answer_timeout: float | None = None

    def wait(self, gen: Generator[Any, Any, Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, self.answer_timeout if timeout is None else timeout)
        except errors._WaitTimeout:
            # Nobody knows where this connection stands; closed, it can hide that from nobody.
            self.pgconn.finish()
            raise


class Connections:
    """The idle connections to one database. Safe between threads, and across a fork."""

    def __init__(self, url: str, patience: Patience) -> None:
        self.url = url
        self.patience = patience
        self._idle: list[AnsweringConnection] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()

    @property
    def place(self) -> str:
        """host:port/database, for messages; never the user or the password. Empty where no URL is set."""
        if not self.url:
            return ""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or 5432}{parts.path}"

    def fresh(self) -> AnsweringConnection:
        """A new connection, in autocommit mode, its clock in UTC."""
        if not self.url:  # the client library would look for a place by itself
            raise psycopg.OperationalError("no URL is set")
        settings: dict[str, Any] = conninfo_to_dict(self.url)
        options = f"{settings.pop('options', '') or ''} -c timezone=UTC -c statement_timeout={self._statement_ms}"
        connection = AnsweringConnection.connect(
            **{**settings, "options": options.strip(), "connect_timeout": self.patience.connect},
            autocommit=True,
        )
        connection.answer_timeout = self.patience.answer
        return connection

    def take(self) -> AnsweringConnection:
        """An idle connection that is still alive, or a new one."""
        while (connection := self._pop()) is not None:
            if connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE and not _hung_up(connection):
                connection.answer_timeout = self.patience.answer
                return connection
            connection.close()
        return self.fresh()

    def give_back(self, connection: AnsweringConnection) -> None:
        """Keep a healthy connection for the next caller; close any other."""
        healthy = connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE
        with self._lock:
            if healthy and len(self._idle) < IDLE_KEPT and os.getpid() == self._pid:
                self._idle.append(connection)
                return
        connection.close()

    @contextmanager
    def using(self) -> Iterator[AnsweringConnection]:
        """A connection for one piece of work; closed instead of kept when the work failed."""
        connection = self.take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self.give_back(connection)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @property
    def _statement_ms(self) -> int:
        return int(self.patience.statement * 1000)

    def _pop(self) -> AnsweringConnection | None:
        with self._lock:
            if os.getpid() != self._pid:
                self._forget_parents()
            return self._idle.pop() if self._idle else None

    def _forget_parents(self) -> None:
        """After a fork the sockets belong to the parent: psycopg drops them without a goodbye to the server."""
        self._idle.clear()
        self._pid = os.getpid()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RestingConnections(Connections):
    """For whoever reads much of a database that others need: each has its ear for a `share` of the time, above 0."""

    def __init__(self, url: str, patience: Patience, share: float) -> None:
        super().__init__(url, patience)
        self.share = share

    @contextmanager
    def using(self) -> Iterator[AnsweringConnection]:
        began = time.monotonic()
        with super().using() as connection:
            yield connection
        time.sleep((time.monotonic() - began) * (1 / self.share - 1))


def _hung_up(connection: AnsweringConnection) -> bool:
    """True when the server closed the connection while it lay idle: nothing may be waiting to be read."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))


_SENTENCES: Final[dict[type[psycopg.Error], LiteralString]] = {
    errors.InvalidPassword: "refuses the password; correct the user and password of its URL",
    errors.InvalidAuthorizationSpecification: "refuses the user; correct the user of its URL",
    errors.InvalidCatalogName: "has no such database; correct the name in its URL",
    errors.InsufficientPrivilege: "does not let this role do that; grant the privileges that the README lists",
    errors.UndefinedTable: "lacks a table of the reference schema; compare its schema with the contract",
    errors.UndefinedColumn: "lacks a column of the reference schema; compare its schema with the contract",
    errors.QueryCanceled: "took longer than its time-out; look for locks and missing indexes there",
    errors.LockNotAvailable: "kept a row locked for too long; look for a long transaction there",
    errors.SerializationFailure: "changed the row at the same moment; try again",
    errors.TooManyConnections: "has no connection left; raise its limit or close some",
    errors.AdminShutdown: "is shutting down; start it again",
    errors.CannotConnectNow: "is still starting; try again in a moment",
    errors.OutOfMemory: "has no slot left for a prepared transaction; raise max_prepared_transactions",
    errors.ObjectNotInPrerequisiteState: "has prepared transactions off; set max_prepared_transactions and restart it",
    errors.ReadOnlySqlTransaction: "is read only: a standby, or a role that may only read; name its primary in its URL",
    errors.FeatureNotSupported: "cannot prepare this; look for a trigger that notifies, or a table of another server",
    errors.IntegrityError: "refused a value by one of its constraints; compare the constraint with the contract",
}


def is_silence(error: psycopg.Error) -> bool:
    """Did the server give no answer to this, so that nobody knows what it did?"""
    if isinstance(error, (errors.AdminShutdown, errors.CrashShutdown)):
        return True
    return error.sqlstate is None and isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))


def sentence_of(error: psycopg.Error, store: str, place: str) -> str:
    """What went wrong, where, and what to do. The server's own text stays out of it: it may quote a row."""
    if not place:
        return f"{store}: its URL is not set; set {store.upper()}_URL"
    words = next((words for kind, words in _SENTENCES.items() if isinstance(error, kind)), None)
    if words is None and is_silence(error):
        words = "gives no answer; check that it runs and that its URL is right"
    code = error.sqlstate or type(error).__name__.lstrip("_")
    return f"{store}: the database at {place} {words or 'failed; its log says more'} ({code})"
