"""Events go out as Stripe sends them: signed, at least once, in no promised order, best effort."""

import hashlib
import hmac
import http.client
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

log = logging.getLogger(__name__)
TRIES = 5
PATIENCE_S = 5
DUE = """
select event_id, body from due_events join objects on id = event_id
where tries < %s and due <= now() order by created, id limit 50
"""
LATER = "update due_events set tries = tries + 1, due = now() + %s * 2 ^ tries * interval '1 s' where event_id = %s"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events go and the secret (`whsec_…`) that signs them."""

    url: str
    secret: str


def signature(secret: str, payload: bytes, at: int) -> str:
    """The `Stripe-Signature` header of a payload at a Unix second."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


class Postman:
    """A thread that delivers what `due_events` holds; woken by each change, and every few seconds."""

    def __init__(
        self,
        pool: ConnectionPool,
        endpoint: Endpoint,
        *,
        clock: Callable[[], float] = time.time,
        first_wait_s: float = 1.0,
    ) -> None:
        self._pool = pool
        self._endpoint = endpoint
        self._clock = clock
        self._first_wait_s = first_wait_s
        self._wake = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="postman", daemon=True).start()

    def take(self, conn: Connection[Any], event_id: str) -> None:
        """To be sent once the transaction of its change is committed."""
        conn.execute("insert into due_events (event_id) values (%s)", (event_id,))

    def wake(self) -> None:
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(PATIENCE_S)
            self._wake.clear()
            try:
                while self.deliver():
                    pass
            except (psycopg.Error, PoolTimeout):  # the database may be restarting: the rows are still there afterwards
                log.warning("the twin could not deliver its events", exc_info=True)

    def deliver(self) -> bool:
        """Send some events that are due, oldest first; one that fails waits longer each time, and is given up after
        five. Whether there was anything to send.
        """
        with self._pool.connection() as conn:
            waiting = conn.execute(DUE, (TRIES,)).fetchall()
            for event_id, event in waiting:
                if self._send(json.dumps(event).encode()):
                    conn.execute("delete from due_events where event_id = %s", (event_id,))
                else:
                    conn.execute(LATER, (self._first_wait_s, event_id))
        return bool(waiting)

    def _send(self, payload: bytes) -> bool:
        parts = urlsplit(self._endpoint.url)
        connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=PATIENCE_S)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(self._endpoint.secret, payload, int(self._clock())),
        }
        try:
            connection.request("POST", parts.path or "/", payload, headers)
            return connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
