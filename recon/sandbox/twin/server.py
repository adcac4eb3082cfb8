"""The twin over HTTP: authentication, faults, idempotency, then a list, an object or a change."""

import json
import secrets
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from psycopg import Connection
from psycopg_pool import ConnectionPool
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from recon.sandbox.ports import LOOPBACK
from recon.sandbox.twin.errors import (
    Answer,
    Refused,
    api_error,
    invalid,
    json_answer,
    missing,
)
from recon.sandbox.twin.faults import Asked, Fault, Faults
from recon.sandbox.twin.forms import Params, parse
from recon.sandbox.twin.idempotency import answer_once, fingerprint
from recon.sandbox.twin.lists import list_objects, retrieve
from recon.sandbox.twin.routes import CHANGES, routes
from recon.sandbox.twin.webhooks import Postman

HTML = b"<html><body><h1>Bad gateway</h1></body></html>"
MAX_BODY_BYTES = 1_000_000
Run = Callable[[Connection[Any]], Answer]


@dataclass(frozen=True, slots=True)
class Call:
    """One request: method, path, parsed parameters, Idempotency-Key."""

    method: str
    path: str
    params: Params
    key: str | None


class Twin(ThreadingHTTPServer):
    """A Stripe of one account: its database, its API keys, its faults."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        pool: ConnectionPool,
        api_keys: frozenset[str],
        postman: Postman | None,
        host: str = LOOPBACK,
    ) -> None:
        super().__init__((host, port), Handler)
        self.pool = pool
        self.api_keys = api_keys
        self.postman = postman
        self.faults = Faults()
        self.routes: MapAdapter = routes().bind("stripe")

    def answer(self, call: Call, fault: Asked | None) -> Answer:
        """What Stripe would say. Refused: any error object of its."""
        endpoint, arguments = self._match(call)
        action, name = endpoint
        if action == "change":
            return self._change(call, name, arguments["object_id"], fault)
        if fault and fault.fault in (Fault.ERROR_BEFORE, Fault.ERROR_AFTER):
            raise api_error()
        with self._reading() as conn:
            if action == "list":
                return list_objects(conn, name, call.path, call.params)
            return retrieve(conn, name, arguments["object_id"], call.params)

    @contextmanager
    def _reading(self) -> Iterator[Connection[Any]]:
        """A connection that begins no transaction: most requests read, and one or two statements need none."""
        with self.pool.connection() as conn:
            conn.autocommit = True
            try:
                yield conn
            finally:
                conn.autocommit = False

    def _match(self, call: Call) -> tuple[tuple[str, str], Mapping[str, Any]]:
        try:
            endpoint, arguments = self.routes.match(call.path, call.method)
            return endpoint, arguments
        except HTTPException as error:
            message = f"Unrecognized request URL ({call.method}: {call.path})."
            raise invalid(message, "url_invalid", status=404) from error

    def _change(self, call: Call, name: str, object_id: str, fault: Asked | None) -> Answer:
        def run(conn: Connection[Any]) -> Answer:
            if fault and fault.fault is Fault.HOLD:
                self.faults.wait(fault.seconds)
            if fault and fault.fault is Fault.ERROR_BEFORE:
                raise api_error()
            change = CHANGES[name](conn, object_id, call.params, call.key)
            if self.postman and change.event_id:
                self.postman.take(conn, change.event_id)
            failed = fault is not None and fault.fault is Fault.ERROR_AFTER
            return api_error().answer() if failed else json_answer(change.body)

        answer = self._run_once(call, run)
        if self.postman:
            self.postman.wake()
        return answer

    def _run_once(self, call: Call, run: Run) -> Answer:
        if call.key is None or call.method != "POST":
            with self.pool.connection() as conn:
                return run(conn)
        return answer_once(self.pool, call.key, fingerprint(call.path, call.params), run)


class Handler(BaseHTTPRequestHandler):
    """One connection of a caller, kept alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    server: Twin

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a request's path holds ids of customers, and there are many of them."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, MAX_BODY_BYTES))
        if len(body) < min(length, MAX_BODY_BYTES):  # the caller died: an unfinished request was never made
            self.close_connection = True
            return
        try:
            if parts.path.startswith("/_twin/"):
                self._send(self._control(parts.path, body))
                return
            self._authenticate()
            params = parse(f"{parts.query}&{body.decode()}" if body else parts.query)
            self._serve_call(
                Call(
                    self.command,
                    parts.path,
                    params,
                    self.headers.get("Idempotency-Key"),
                )
            )
        except Refused as refused:
            self._send(refused.answer())

    def _serve_call(self, call: Call) -> None:
        asked = self.server.faults.take(call.method, call.path)
        if asked and self._fails_before(asked):
            return
        try:
            answer = self.server.answer(call, asked)
        except Refused as refused:
            answer = refused.answer()
        if asked is None or not self._fails_after(asked, answer):
            self._send(answer)

    def _fails_before(self, asked: Asked) -> bool:
        """Faults that strike before anything ran: the answer is given, or the connection is gone."""
        match asked.fault:
            case Fault.UNAUTHORIZED:
                raise Refused(401, "invalid_request_error", "Invalid API Key provided.")
            case Fault.NOT_FOUND:
                raise missing("object", "asked")
            case Fault.LOCKED:
                raise invalid(
                    "This object cannot be accessed right now.",
                    "lock_timeout",
                    status=409,
                )
            case Fault.RATE_LIMITED:
                raise invalid("Request rate limit exceeded.", "rate_limit", status=429)
            case Fault.TIMEOUT_BEFORE:
                self.server.faults.wait(asked.seconds)
                self.close_connection = True
            case Fault.RESET_BEFORE:
                self._reset()
            case Fault.EMPTY:
                self.close_connection = True
            case Fault.HTML | Fault.HTML_502:
                self._send(Answer(200 if asked.fault is Fault.HTML else 502, HTML), "text/html")
            case _:
                return False
        return True

    def _fails_after(self, asked: Asked, answer: Answer) -> bool:
        """Faults that strike when all is done: only the answer is lost."""
        match asked.fault:
            case Fault.TIMEOUT_AFTER:
                self.server.faults.wait(asked.seconds)
                self.close_connection = True
            case Fault.RESET_AFTER:
                self._reset()
            case Fault.HALF_BODY:
                whole = self._encoded(answer, "application/json")
                self.wfile.write(whole[: len(whole) - len(answer.body) // 2 - 1])
                self.close_connection = True
            case _:
                return False
        return True

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def _authenticate(self) -> None:
        scheme, _, key = (self.headers.get("Authorization") or "").partition(" ")
        if scheme != "Bearer" or key not in self.server.api_keys:
            raise Refused(401, "invalid_request_error", "Invalid API Key provided.")

    def _control(self, path: str, body: bytes) -> Answer:
        """The twin's own switches: /_twin/health, /_twin/faults (POST, DELETE), /_twin/release."""
        if path == "/_twin/health":
            return json_answer({"ok": True})
        self._authenticate()
        if path == "/_twin/release":
            self.server.faults.release()
        elif path == "/_twin/faults" and self.command == "DELETE":
            self.server.faults.clear()
        elif path == "/_twin/faults" and self.command == "POST":
            self.server.faults.ask(_asked(body))
        else:
            raise invalid(
                f"Unrecognized request URL ({self.command}: {path}).",
                "url_invalid",
                status=404,
            )
        return json_answer({"ok": True})

    def _send(self, answer: Answer, content_type: str = "application/json") -> None:
        self.wfile.write(self._encoded(answer, content_type))

    def _encoded(self, answer: Answer, content_type: str) -> bytes:
        headers = [
            ("Content-Type", content_type),
            ("Content-Length", str(len(answer.body))),
            ("Request-Id", f"req_{secrets.token_hex(7)}"),
            *answer.headers,
        ]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        return f"HTTP/1.1 {answer.status} {answer.status}\r\n{head}\r\n".encode() + answer.body


def _asked(body: bytes) -> Asked:
    """{kind, method?, path?, times?, seconds?} → a fault. Refused: one that the twin does not know."""
    try:
        told = json.loads(body)
        return Asked(
            Fault(told["kind"]),
            told.get("method"),
            told.get("path", "/v1/"),
            int(told.get("times", 1)),
            float(told.get("seconds", 30)),
        )
    except (ValueError, KeyError, TypeError) as error:
        known = ", ".join(Fault)
        raise invalid(f"A fault is an object with kind, one of {known}.") from error
