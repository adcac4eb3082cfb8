"""Stripe's idempotency keys: same key and parameters → the same answer, also a 500; other parameters → 400;
still running → 409. An answer is kept once the call began to run; its effect and the kept answer are one transaction.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from recon.sandbox.twin.errors import Answer, Refused
from recon.sandbox.twin.forms import Params

REPLAYED = ("Idempotent-Replayed", "true")


def fingerprint(path: str, params: Params) -> str:
    """What must be the same when a key comes again."""
    return hashlib.sha256(json.dumps([path, params], sort_keys=True).encode()).hexdigest()


def forget_unfinished(conn: Connection[Any]) -> None:
    """A server that was killed left keys in progress; nothing of theirs was committed."""
    conn.execute("delete from idempotency_keys where status is null")
    conn.commit()


def answer_once(pool: ConnectionPool, key: str, mark: str, run: Callable[[Connection[Any]], Answer]) -> Answer:
    """Run the call under its key, or give the answer that it had."""
    with pool.connection() as conn:
        claim = "insert into idempotency_keys (key, fingerprint) values (%s, %s) on conflict do nothing returning key"
        if conn.execute(claim, (key, mark)).fetchone() is None:
            return _answer_again(conn, key, mark)
    try:
        with pool.connection() as conn:
            answer = run(conn)
            _keep(conn, key, answer)
    except Refused as refused:
        answer = refused.answer()
        with pool.connection() as conn:
            _keep(conn, key, answer)
    except BaseException:
        with pool.connection() as conn:
            conn.execute("delete from idempotency_keys where key = %s", (key,))
        raise
    return answer


def _keep(conn: Connection[Any], key: str, answer: Answer) -> None:
    statement = "update idempotency_keys set status = %s, body = %s where key = %s"
    conn.execute(statement, (answer.status, answer.body.decode(), key))


def _answer_again(conn: Connection[Any], key: str, mark: str) -> Answer:
    statement = "select fingerprint, status, body from idempotency_keys where key = %s"
    found = conn.execute(statement, (key,)).fetchone()
    if found is None or found[1] is None:
        message = "There is currently another in-progress request using this Idempotent Key."
        raise Refused(409, "idempotency_error", message, "idempotency_key_in_use")
    if found[0] != mark:
        message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        raise Refused(400, "idempotency_error", message)
    return Answer(found[1], found[2].encode(), (REPLAYED,))
