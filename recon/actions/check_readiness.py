"""Can this process serve? What counts is what nobody can do without: our database answers, in time, and is migrated.

A store that is down, or the broker, does not count: all processes would be taken out at once, and without them events
are kept, pages are read and approvals are taken. How the broker is stands beside.
"""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Final, LiteralString

import psycopg
import redis
from django.db.migrations.loader import MigrationLoader
from psycopg.errors import UndefinedTable
from redis.exceptions import RedisError

from recon.stores.connections import Connections

log = logging.getLogger(__name__)

READY: Final = "ok"
NEEDED: Final = ("database", "migrations")
APPLIED: Final[LiteralString] = "select app, name from django_migrations"
Migration = tuple[str, str]


def check_readiness(ours: Connections, broker: redis.Redis) -> Mapping[str, str]:
    """Part → `ok`, or what is wrong with it: a word that tells no address and no secret."""
    database, migrations = _database(ours)
    return {"database": database, "migrations": migrations, "broker": _broker(broker)}


def is_ready(parts: Mapping[str, str]) -> bool:
    return all(parts[part] == READY for part in NEEDED)


def _database(ours: Connections) -> tuple[str, str]:
    """More migrations than this release has are fine: a newer one is being rolled out."""
    try:
        with ours.using() as connection:
            applied = set(connection.execute(APPLIED))
    except UndefinedTable:
        return READY, "not applied"
    except psycopg.Error:
        log.exception("our database does not answer")
        return "no answer", "unknown"
    return READY, READY if _of_this_release() <= applied else "not applied"


@cache
def _of_this_release() -> frozenset[Migration]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _broker(broker: redis.Redis) -> str:
    try:
        broker.ping()
    except RedisError:
        log.exception("the broker does not answer")
        return "no answer"
    return READY
