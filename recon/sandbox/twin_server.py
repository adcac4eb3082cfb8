"""The Stripe twin as a process: `python -m recon.sandbox.twin`, on a loopback port unless told otherwise."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from recon.sandbox import ports, processes
from recon.sandbox.errors import SandboxError

START_TRIES: Final = 4
START_TIMEOUT_S: Final = 20.0
ROOT: Final = Path(__file__).resolve().parents[2]


class TwinServer:
    """One twin under `var_dir`; every method is safe to call again, also after a kill -9 of everything."""

    def __init__(self, var_dir: Path, host: str = ports.LOOPBACK) -> None:
        """`host` is the address it listens on, the loopback among them."""
        self.host = host
        self.pid_file = var_dir / "twin.pid"
        self.log = var_dir / "twin.log"

    def ensure_started(self, env: Mapping[str, str], port: int | None) -> int:
        """`env` names the twin's database, API key and, if events are to go out, the webhook's URL and secret."""
        if port and processes.find(self.pid_file) and _answers(port):
            return port
        self.stop()
        for _ in range(START_TRIES):
            port = ports.keep_or_find(port)
            if self._start(env, port):
                return port
            port = None
        raise SandboxError(f"The Stripe twin did not start: read {self.log}.")

    def stop(self) -> None:
        processes.stop(self.pid_file, timeout_s=2.0)

    def _start(self, env: Mapping[str, str], port: int) -> bool:
        argv = [sys.executable, "-m", "recon.sandbox.twin", "--host", self.host, "--port", str(port)]
        child = processes.spawn(self.pid_file, argv, self.log, env={**os.environ, **env, "PYTHONPATH": str(ROOT)})
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and child.poll() is None:
            if _answers(port):
                return True
            time.sleep(0.05)
        processes.stop(self.pid_file)
        return False


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{ports.LOOPBACK}:{port}/_twin/health", timeout=1) as answer:
            return bool(json.load(answer) == {"ok": True})
    except (urllib.error.URLError, OSError, ValueError):
        return False
