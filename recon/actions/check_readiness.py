"""Can this process serve? Our database answers, it is migrated, and the broker answers."""

import logging
from collections.abc import Mapping

import redis
from django.db import DatabaseError
from redis.exceptions import RedisError

from recon.migrated import not_applied

log = logging.getLogger(__name__)

READY = "ok"


def check_readiness(broker: redis.Redis) -> Mapping[str, str]:
    """Part → `ok`, or what is wrong with it: a word that tells no address and no secret."""
    database, migrations = _database()
    return {"database": database, "migrations": migrations, "broker": _broker(broker)}


def _database() -> tuple[str, str]:
    try:
        behind = not_applied()
    except DatabaseError:
        log.exception("our database does not answer")
        return "no answer", "unknown"
    return READY, "not applied" if behind else READY


def _broker(broker: redis.Redis) -> str:
    try:
        broker.ping()
    except RedisError:
        log.exception("the broker does not answer")
        return "no answer"
    return READY
