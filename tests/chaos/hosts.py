"""The product on several hosts: all servers in one network namespace, workers and a beat in each of the others."""

import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

from recon.sandbox import processes
from recon.sandbox.cluster import Sandbox
from recon.sandbox.postgres import find_home
from recon.sandbox.provision import STORES
from recon.sandbox.twin_server import TwinServer
from tests.chaos.fleet import environment
from tests.chaos.network import ADDRESSES, ONE_SERVER, Cut, Host

ANYWHERE: Final = "0.0.0.0"
WIRE: Final = "10.77.0.0/24"
SERVERS: Final[Mapping[str, str]] = {
    "DATABASE_URL": "recon",
    "REDIS_URL": "valkey",
    "STRIPE_API_BASE": "stripe",
    **{f"{store.upper()}_URL": store for store in STORES},
}
READY_SECONDS: Final = 60.0
SEALED: Final = "sealed"
"""Between two steps: the audit's head and the outbox's turn are the host's, and whoever writes waits for its commit."""


def open_servers(sandbox: Sandbox) -> None:
    """All of them answer on the wire too."""
    sandbox.stop()  # what an earlier campaign left runs in a namespace that is gone
    sandbox.twin = TwinServer(sandbox.var_dir, host=ANYWHERE)
    sandbox.ensure_started(twin=False)
    with psycopg.connect(sandbox.env()["SANDBOX_ADMIN_URL"], autocommit=True) as conn:
        conn.execute(sql.SQL("ALTER SYSTEM SET listen_addresses = {}").format(sql.Literal("*")))
    rules = find_home(sandbox.var_dir).data / "pg_hba.conf"
    allowed = f"host all all {WIRE} scram-sha-256\n"
    if allowed not in rules.read_text():
        rules.write_text(rules.read_text() + allowed)
    sandbox.postgres.stop()
    sandbox.ensure_started(twin=True)
    with redis.Redis.from_url(sandbox.env()["REDIS_URL"]) as client:
        client.config_set("bind", f"127.0.0.1 {ADDRESSES['valkey']}")


class Crew:
    """What runs on one host, and how it is halted and heard."""

    def __init__(self, host: Host, sandbox: Sandbox, hurry: float, **more: str) -> None:
        self.host = host
        self._var = sandbox.var_dir / host.name
        self._var.mkdir(exist_ok=True)
        inside = {**os.environ, **environment(sandbox, hurry, ""), **more, "HALT_DIR": str(self._var)}
        self._env = inside | {name: _seen_from_outside(inside[name], server) for name, server in SERVERS.items()}
        self._bell = _listen(self._var / "halt.sock")

    def start(self) -> None:
        self._start("worker", "celery", "-A", "tests.chaos.halting", *self._worker())
        schedule = self._var / "beat.schedule"
        schedule.unlink(missing_ok=True)
        self._start("beat", "celery", "-A", "tests.chaos.hurry", "beat", "--pidfile=", f"--schedule={schedule}")

    def stop(self) -> None:
        self._bell.close()
        for name in ("beat", "worker"):
            processes.stop(self._var / f"{name}.pid", timeout_s=3.0)

    def wait_until_it_works(self, within_seconds: float = READY_SECONDS) -> float:
        """After how many seconds its worker took a task. TimeoutError: it did not."""
        began, alive = time.time(), self._var / "alive"
        while not alive.exists() or alive.stat().st_mtime < began:
            if time.time() - began > within_seconds:
                raise TimeoutError(f"The worker of {self.host.name} takes no task.")
            time.sleep(0.1)
        return time.time() - began

    def arm(self, step: str) -> None:
        """The next process of its that reaches this step halts there."""
        (self._var / "armed").write_text(step)

    def disarm(self) -> None:
        (self._var / "armed").unlink(missing_ok=True)

    def wait_until_halted(self, within_seconds: float) -> socket.socket | None:
        """To be closed: then it goes on. None: nobody reached the step."""
        self._bell.settimeout(within_seconds)
        try:
            told, _ = self._bell.accept()
        except TimeoutError:
            return None
        told.recv(100)
        return told

    @property
    def _node(self) -> str:
        return f"worker@{self.host.name}"

    def _worker(self) -> list[str]:
        return [
            "worker",
            "--concurrency=2",
            "--loglevel=WARNING",
            "--without-mingle",
            "--without-gossip",
            "-n",
            self._node,
        ]

    def _start(self, name: str, *argv: str) -> None:
        log = self._var / f"{name}.log"
        processes.spawn(self._var / f"{name}.pid", [*self.host.prefix, sys.executable, "-m", *argv], log, env=self._env)


def lost_sessions(conn: psycopg.Connection[Any], host: Host, cut: Cut) -> int:
    """How many connections of the host's the databases that it is cut off from still believe in."""
    databases = list(ADDRESSES) if cut not in ONE_SERVER else [ONE_SERVER[cut]]
    query = "SELECT count(*) FROM pg_stat_activity WHERE client_addr = %s AND datname = ANY(%s)"
    row = conn.execute(query, [host.address, databases]).fetchone()
    return int(row[0]) if row else 0


def _listen(place: Path) -> socket.socket:
    place.unlink(missing_ok=True)
    bell = socket.socket(socket.AF_UNIX)
    bell.bind(str(place))
    bell.listen()
    return bell


def _seen_from_outside(url: str, server: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.replace("127.0.0.1", ADDRESSES[server])).geturl()
