"""What only a running server can show: the bytes of a request before any code of ours sees them."""

import os
import socket
from collections.abc import Iterator

import pytest

from recon.sandbox.cluster import Sandbox
from recon.sandbox.ports import LOOPBACK, keep_or_find
from recon.sandbox.services import Services

WEBHOOK = "POST /api/v1/webhooks/stripe/"


@pytest.fixture(scope="module")
def port(sandbox: Sandbox, django_db_setup: None) -> Iterator[int]:
    """Of a web server as the demo, and production, run it."""
    services, port = Services(sandbox.var_dir, {**os.environ, **sandbox.env()}), keep_or_find(None)
    try:
        services.start_web(port)
        yield port
    finally:
        services.stop()


def status(port: int, first: str, *headers: str, body: bytes = b"", host: str = "localhost") -> int:
    """Of the answer; 0 when the connection was closed without one."""
    lines = [f"{first} HTTP/1.1", *([f"Host: {host}"] if host else []), "Connection: close", *headers, "", ""]
    try:
        with socket.create_connection((LOOPBACK, port), timeout=10) as connection:
            connection.sendall("\r\n".join(lines).encode() + body)
            answer = connection.recv(65_536)
    except OSError:
        return 0
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0


def test_what_is_too_long_for_the_wire_is_cut_off_and_the_server_lives(port: int) -> None:
    long = {
        "header": status(port, "GET /healthz", "X-Long: " + "x" * 2_000_000),
        "headers": status(port, "GET /healthz", *(f"X-{number}: y" for number in range(20_000))),
        "address": status(port, "GET /search/?q=" + "x" * 2_000_000),
        "said to be huge": status(port, WEBHOOK, "Content-Length: 99999999999"),
        "said to be less than nothing": status(port, WEBHOOK, "Content-Length: -1"),
        "twice as long as said": status(port, WEBHOOK, "Content-Length: 2", body=b"{}" * 2),
        "in pieces, and as long as said": status(
            port, WEBHOOK, "Content-Length: 4", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"
        ),
    }
    assert {name: answer for name, answer in long.items() if answer not in {0, 400, 411, 413, 414, 431}} == {}
    assert status(port, "GET /healthz") == 200


def test_a_foreign_host_is_refused_on_the_wire(port: int) -> None:
    assert status(port, "GET /login/", host="evil.example") == 400
    assert status(port, "GET /login/", "Host: evil.example", host="localhost") in {0, 400}
    assert status(port, "GET /login/", host="") in {0, 400}
