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
from urllib.parse import urlsplit

from psycopg_pool import ConnectionPool

log = logging.getLogger(__name__)
TRIES = 5
PATIENCE_S = 5


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
    """A thread that delivers what `deliveries` holds; woken by each change, and every few seconds."""

    def __init__(
        self,
        pool: ConnectionPool,
        endpoint: Endpoint,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pool = pool
        self._endpoint = endpoint
        self._clock = clock
        self._wake = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="postman", daemon=True).start()

    def wake(self) -> None:
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(PATIENCE_S)
            self._wake.clear()
            try:
                self.deliver()
            except Exception:  # the database may be restarting: the rows are still there for the next round
                log.warning("stripe_twin.delivery_failed", exc_info=True)

    def deliver(self) -> None:
        """Send every event that waits; one that fails waits for the next round, five times at most."""
        with self._pool.connection() as conn:
            statement = (
                "select event_id, body::text from deliveries join objects on id = event_id"
                " where tries < %s order by created, id"
            )
            waiting = conn.execute(statement, (TRIES,)).fetchall()
            for event_id, text in waiting:
                if self._send(json.dumps(json.loads(text)).encode()):
                    conn.execute("delete from deliveries where event_id = %s", (event_id,))
                else:
                    conn.execute(
                        "update deliveries set tries = tries + 1 where event_id = %s",
                        (event_id,),
                    )

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
