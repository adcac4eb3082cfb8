"""Endpoints served by granian, each the same way, and requests sent to them over connections that are kept open."""

import importlib.metadata
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "var" / "bench"
SERVERS = 2  # worker processes
AT_ONCE = 16
STARTS_WITHIN_S = 60
ENDS_WITHIN_S = 5


@dataclass(frozen=True, slots=True)
class Request:
    """A GET where there is no body; `path` goes on where the endpoint's ends."""

    path: str = ""
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is measured: an application, where it is asked, and whose interpreter runs it."""

    name: str
    application: str
    path: str
    python: str = sys.executable


@dataclass(frozen=True, slots=True)
class Sent:
    """One round: how many were answered with success and with anything else; how long the middle one took, and the one
    that 99 of a hundred were quicker than."""

    succeeded: int
    failed: int
    seconds: float
    median_seconds: float
    p99_seconds: float

    @property
    def per_second(self) -> float:
        """Of those that succeeded: an error is soon answered."""
        return self.succeeded / self.seconds


def send(port: int, path: str, requests: Sequence[Request]) -> Sent:
    """All of them, 16 at a time."""
    took: list[float] = []
    failed: list[int] = []
    shares = [requests[n::AT_ONCE] for n in range(AT_ONCE)]
    threads = [threading.Thread(target=_send_share, args=(port, path, share, took, failed)) for share in shares]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    assert len(took) == len(requests), f"{len(requests) - len(took)} of {len(requests)} got no answer on port {port}"
    p99 = sorted(took)[len(took) * 99 // 100]
    return Sent(len(took) - len(failed), len(failed), seconds, statistics.median(took), p99)


def _send_share(port: int, path: str, requests: Sequence[Request], took: list[float], failed: list[int]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for one in requests:
        began = time.perf_counter()
        connection.request("GET" if one.body is None else "POST", path + one.path, one.body, dict(one.headers))
        answer = connection.getresponse()
        answer.read()
        took.append(time.perf_counter() - began)
        if not 200 <= answer.status < 300:
            failed.append(answer.status)
    connection.close()


@contextmanager
def served(endpoint: Endpoint, env: Mapping[str, str] | None = None, servers: int = SERVERS) -> Iterator[int]:
    """The port on which granian serves it."""
    port = free_port()
    argv = [endpoint.python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    argv += ["--no-ws", "--workers", str(servers), "--blocking-threads", str(AT_ONCE // SERVERS)]
    # A worker that is told to stop while it still starts does not hear it.
    argv += ["--workers-kill-timeout", str(ENDS_WITHIN_S), endpoint.application]
    env = {**os.environ, **(env or {}), "PYTHONPATH": str(ROOT)}
    log = LOGS / f"{endpoint.application.partition(':')[0]}.log"
    with log.open("w") as output:
        server = subprocess.Popen(argv, env=env, stdout=output)
    try:
        wait_for(log, "Started worker", servers)
        yield port
    finally:
        server.terminate()
        server.wait(4 * ENDS_WITHIN_S)


def same_version(package: str) -> str:
    """A requirement of just the version that runs here."""
    return f"{package}=={importlib.metadata.version(package.partition('[')[0])}"


def wait_for(log: Path, words: str, times: int) -> None:
    """Until a server's log holds the words so many times: the port of one that has only begun to start answers too."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        if log.read_text().count(words) == times:
            return
        time.sleep(0.1)
    raise RuntimeError(f"It did not start within {STARTS_WITHIN_S} s: {log} says more.")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
