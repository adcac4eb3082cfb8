"""What the demo runs beside the servers, each a recorded child process: Celery's worker and beat, the web server."""

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from subprocess import Popen
from typing import Final

import redis

from recon.sandbox import ports, processes
from recon.sandbox.errors import SandboxError

ROOT: Final = Path(__file__).resolve().parents[2]
NAMES: Final = ("web", "beat", "worker")  # the order in which they stop: nothing new comes in before work ends
READY_TIMEOUT_S: Final = 30.0
WORKERS: Final = 2


class Services:
    """The processes of one demo; `env` is what they run with."""

    def __init__(self, var_dir: Path, env: Mapping[str, str]) -> None:
        self.var_dir = var_dir
        self.env = {**env, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "recon.settings"}

    def start_worker(self, processes: int = WORKERS) -> None:
        """Returns when it takes tasks, so many at a time."""
        argv = ["celery", "-A", "recon.celery", "worker", f"--concurrency={processes}", "--loglevel=INFO"]
        child = self._spawn("worker", [*argv, "--without-mingle", "--without-gossip"])
        from recon.celery import app

        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self._is_late("worker", child, deadline):
            if app.control.ping(timeout=0.3):
                return

    def start_beat(self) -> None:
        schedule = self.var_dir / "beat.schedule"
        self._spawn("beat", ["celery", "-A", "recon.celery", "beat", "--pidfile=", f"--schedule={schedule}"])

    def start_web(self, port: int) -> str:
        """The address, answering. SandboxError: the port is taken."""
        if not ports.is_free(port):
            raise SandboxError(f"Port {port} on {ports.LOOPBACK} is taken: choose another with --port.")
        argv = ["granian", "--interface", "wsgi", "--host", ports.LOOPBACK, "--port", str(port), "--no-ws"]
        child = self._spawn("web", [*argv, "--blocking-threads", "4", "inspector.wsgi:application"])
        address = f"http://{ports.LOOPBACK}:{port}/"
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self._is_late("web", child, deadline) and not _answers(f"{address}healthz"):
            time.sleep(0.1)
        return address

    def dead(self) -> list[str]:
        """Those that were started here and run no more."""
        recorded = [name for name in NAMES if self._pid_file(name).exists()]
        return [name for name in recorded if processes.find(self._pid_file(name)) is None]

    def stop(self) -> None:
        """All of them, those too that a killed demo left behind."""
        for name in NAMES:
            processes.stop(self._pid_file(name))

    def log(self, name: str) -> Path:
        return self.var_dir / f"{name}.log"

    def _spawn(self, name: str, argv: list[str]) -> "Popen[bytes]":
        self.log(name).unlink(missing_ok=True)
        return processes.spawn(self._pid_file(name), [sys.executable, "-m", *argv], self.log(name), env=self.env)

    def _is_late(self, name: str, child: "Popen[bytes]", deadline: float) -> bool:
        """False while there is hope. SandboxError: it ended, or did not get ready in time."""
        if child.poll() is not None or time.monotonic() > deadline:
            raise SandboxError(f"The {name} did not start: read {self.log(name)}.")
        return False

    def _pid_file(self, name: str) -> Path:
        return self.var_dir / f"{name}.pid"


def flush_queue(redis_url: str) -> None:
    """Forget what a former demo queued: the database knows what is to be done."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()


def _answers(address: str) -> bool:
    """Whether anybody speaks HTTP there; a refusal is an answer."""
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except (urllib.error.URLError, OSError):
        return False
