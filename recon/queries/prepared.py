"""Statements that are executed very often: prepared, and sent without asking first whether anybody listens."""

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.postgresql.base import DatabaseWrapper, ServerBindingCursor

Row = tuple[Any, ...]


def rows_of(statement: str, params: Mapping[str, Any]) -> list[Row]:
    """All of its rows. The statement itself tells whether a kept connection is still alive: asking first would be a
    second round trip. On a new connection it is sent again, so doing it twice must change nothing."""
    connection: Any = connections[DEFAULT_DB_ALIAS]  # looked up once: the proxy does it for every attribute
    connection.health_check_done = True
    try:
        return _executed(connection, statement, params)
    except (InterfaceError, OperationalError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return _executed(connection, statement, params)


def _executed(connection: DatabaseWrapper, statement: str, params: Mapping[str, Any]) -> list[Row]:
    """By a cursor that prepares what it executes often: planning costs the database more than the statement itself."""
    connection.ensure_connection()
    binding = ServerBindingCursor(connection.connection)  # type: ignore[call-arg] # psycopg's own, which takes one
    with connection._prepare_cursor(binding) as cursor:  # type: ignore[attr-defined] # wraps errors and logs, as cursor() does
        cursor.execute(statement, params)
        rows: list[Row] = cursor.fetchall()
        return rows
