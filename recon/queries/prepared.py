"""Statements that are executed very often: prepared, and sent without asking first whether anybody listens."""

from collections.abc import Mapping
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.db.backends.postgresql.base import ServerBindingCursor

Row = tuple[Any, ...]


def rows_of(statement: str, params: Mapping[str, Any]) -> list[Row]:
    """All of its rows. The statement itself tells whether a kept connection is still alive: asking first would be a
    second round trip. On a new connection it is sent again, so doing it twice must change nothing."""
    connection.health_check_done = True  # type: ignore[attr-defined] # django-stubs leaves it out
    try:
        return _executed(statement, params)
    except (InterfaceError, OperationalError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return _executed(statement, params)


def _executed(statement: str, params: Mapping[str, Any]) -> list[Row]:
    """By a cursor that prepares what it executes often: planning costs the database more than the statement itself."""
    connection.ensure_connection()
    binding = ServerBindingCursor(connection.connection)  # type: ignore[call-arg] # psycopg's own, which takes one
    with connection._prepare_cursor(binding) as cursor:  # type: ignore[attr-defined] # wraps errors and logs, as cursor() does
        cursor.execute(statement, params)
        rows: list[Row] = cursor.fetchall()
        return rows
