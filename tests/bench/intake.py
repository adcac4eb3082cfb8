"""Stripe's webhooks: ours beside a bare view that verifies and inserts one row; same events, server and database."""

import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import stripe
from django.conf import settings

from recon.models import Inbox, InboxMark
from tests.bench.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
BARE_TABLE = "create table if not exists bare_event (id text primary key, body jsonb not null)"
SERVERS = 2  # worker processes
AT_ONCE = 16
ROUNDS = 5
STARTS_WITHIN_S = 30
Request = tuple[bytes, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is measured: an application, and where it takes events."""

    application: str
    path: str


OURS = Endpoint("inspector.wsgi:application", "/api/v1/webhooks/stripe/")
BARE = Endpoint("tests.bench.bare:application", "/")


def figures(events: int) -> Iterator[Figure]:
    """The median of some rounds; the two take turns, so that the machine's load meets both."""
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as conn:
        conn.execute(BARE_TABLE)
    bodies = _customers()
    seen: dict[Endpoint, list[float]] = {OURS: [], BARE: []}
    with _served(OURS) as ours, _served(BARE) as bare:
        for number in range(ROUNDS + 1):
            for endpoint, port in ((OURS, ours), (BARE, bare)):
                seen[endpoint].append(_rate(port, endpoint, _requests(bodies, number, events)))
    _hold(events * (ROUNDS + 1))
    ours_rate, bare_rate = (statistics.median(seen[endpoint][1:]) for endpoint in (OURS, BARE))
    yield Figure("webhook: kept, and its account marked", "events", ours_rate, "a bare view", bare_rate)


def _hold(sent: int) -> None:
    """Every event is there, and found its account: else the figure is of something else."""
    kept, routed = Inbox.objects.count(), InboxMark.objects.values("event").distinct().count()
    assert kept == routed == sent, f"{sent} events were sent, {kept} are kept, {routed} marked an account"


def _customers() -> list[dict[str, object]]:
    with psycopg.connect(os.environ["STRIPE_TWIN_DATABASE_URL"]) as conn:
        return [body for (body,) in conn.execute("select body from objects where kind = 'customer' limit 500")]


def _requests(bodies: Sequence[Mapping[str, object]], number: int, count: int) -> list[Request]:
    return [_request(f"evt_{number}_{n}", bodies[n % len(bodies)]) for n in range(count)]


def _request(event_id: str, customer: Mapping[str, object]) -> Request:
    text = json.dumps(
        {
            "id": event_id,
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(time.time()),
            "data": {"object": customer, "previous_attributes": {"balance": 1}},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": "req_1", "idempotency_key": None},
            "type": "customer.updated",
        }
    )
    header = stripe.WebhookSignature.generate_signature_header(text, settings.STRIPE_WEBHOOK_SECRETS[0])
    return text.encode(), {"Content-Type": "application/json", "Stripe-Signature": header}


def _rate(port: int, endpoint: Endpoint, requests: list[Request]) -> float:
    """Events a second, sent over so many connections that are kept open."""
    shares = [requests[n::AT_ONCE] for n in range(AT_ONCE)]
    refused: list[int] = []
    threads = [threading.Thread(target=_send, args=(port, endpoint.path, share, refused)) for share in shares]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not refused, f"{endpoint.application} answered {set(refused)}"
    return len(requests) / (time.perf_counter() - began)


def _send(port: int, path: str, requests: list[Request], refused: list[int]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for body, headers in requests:
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            refused.append(answer.status)
    connection.close()


@contextmanager
def _served(endpoint: Endpoint) -> Iterator[int]:
    """The port on which granian serves it, the same way for each."""
    port = _free_port()
    argv = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    argv += ["--workers", str(SERVERS), "--blocking-threads", str(AT_ONCE // SERVERS), endpoint.application]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen([sys.executable, "-m", *argv], env=env, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, endpoint)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(port: int, endpoint: Endpoint) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{endpoint.application} did not start on port {port}.")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
