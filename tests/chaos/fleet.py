"""The product's processes and their servers, each to be killed and started again."""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
import redis

from recon.sandbox import ports, processes
from recon.sandbox.cluster import Sandbox

ROOT: Final = Path(__file__).resolve().parents[2]
WEB, WORKER, OTHER_WORKER, BEAT, LISTEN = "web", "worker", "other worker", "beat", "listen"
PROCESSES: Final = (WEB, WORKER, OTHER_WORKER, BEAT, LISTEN)
WORKERS: Final = (WORKER, OTHER_WORKER)
READY_SECONDS: Final = 60.0
CELERY: Final = ["celery", "-A", "tests.chaos.hurry"]


def environment(sandbox: Sandbox, hurry: float, bug: str) -> dict[str, str]:
    """What every process of a campaign runs with."""
    stores = ("subs_account", "subs_customer", "subs_dunning", "billing_prod", "cf_prod")
    return {
        **os.environ,
        **sandbox.env(),
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "recon.settings",
        "STORE_EVENT_SECRETS": json.dumps({store: [f"{store}-chaos"] for store in stores}),
        "CHAOS_HURRY": str(hurry),
        "CHAOS_BUG": bug,
    }


class Fleet:
    """What runs, and what was done to it."""

    def __init__(self, sandbox: Sandbox, env: Mapping[str, str], web_workers: int = 1) -> None:
        self.sandbox = sandbox
        self.env = env
        self.web_workers = web_workers
        self.port = ports.keep_or_find(None)
        self.lost_stream_at = 0.0  # when Valkey last forgot everything, in seconds since 1970
        self.fell: list[str] = []
        self._down: set[str] = set()
        self._is_over = False

    def start_all(self) -> None:
        self.start_some(*PROCESSES)

    def start_some(self, *names: str) -> None:
        """Returns when the web, which is one of them, listens."""
        for name in names:
            self.start(name)
        deadline = time.monotonic() + READY_SECONDS
        while ports.is_free(self.port):
            if time.monotonic() > deadline:
                raise RuntimeError(f"The web did not start: read {self._log(WEB)}.")
            time.sleep(0.1)

    def start(self, name: str) -> None:
        if self._is_over:
            return
        self._down.discard(name)
        argv = [sys.executable, "-m", *self._argv(name)]
        processes.spawn(self._pid_file(name), argv, self._log(name), env=self.env)

    def kill(self, name: str) -> None:
        """-9, with all that it has forked."""
        self._down.add(name)
        process = processes.find(self._pid_file(name))
        if process is not None:
            _kill_all(process)

    def kill_child(self, name: str, chance: random.Random) -> None:
        """One of the processes that a worker forked: its parent has to make another."""
        process = processes.find(self._pid_file(name))
        children = process.children() if process is not None else []
        if children:
            with suppress(psutil.NoSuchProcess):
                chance.choice(children).send_signal(signal.SIGKILL)

    def kill_valkey(self) -> None:
        process = processes.find(self.sandbox.valkey.pid_file)
        if process is not None:
            process.kill()
            process.wait(5)
        self.lost_stream_at = time.time()

    def flush_valkey(self) -> None:
        with suppress(redis.RedisError), redis.Redis.from_url(self.env["REDIS_URL"]) as client:
            client.flushall()
        self.lost_stream_at = time.time()

    def kill_postgres(self) -> None:
        """All databases at once; the twin with them, for its Stripe would have survived."""
        self.sandbox.postgres.kill()
        self.sandbox.twin.stop()

    def start_servers(self) -> None:
        if not self._is_over:
            self.sandbox.ensure_started(twin=True)

    def look_after(self) -> None:
        """Start again what ended by itself, as a supervisor would, and remember it."""
        for name in PROCESSES:
            if name not in self._down and processes.find(self._pid_file(name)) is None:
                self.fell.append(name)
                self.start(name)

    def start_everything(self) -> None:
        self.start_servers()
        for name in tuple(self._down):
            self.start(name)

    def stop(self) -> None:
        """For good: whoever still wants to start something, does not."""
        self._is_over = True
        for name in PROCESSES:
            self._down.add(name)
            processes.stop(self._pid_file(name), timeout_s=5.0)

    def _argv(self, name: str) -> list[str]:
        worker = [*CELERY, "worker", "--concurrency=2", "--loglevel=WARNING", "--without-mingle", "--without-gossip"]
        match name:
            case "web":
                argv = ["granian", "--interface", "wsgi", "--host", ports.LOOPBACK, "--port", str(self.port), "--no-ws"]
                argv += ["--workers", str(self.web_workers), "--blocking-threads", "4"]
                return [*argv, "tests.chaos.hurry_web:application"]
            case "worker" | "other worker":
                return [*worker, "-n", f"{name.replace(' ', '-')}@%h"]
            case "beat":
                schedule = self.sandbox.var_dir / "beat.schedule"
                return [*CELERY, "beat", "--pidfile=", f"--schedule={schedule}", "--loglevel=WARNING"]
        return ["django", "listen", "--every", "0.5"]

    def _pid_file(self, name: str) -> Path:
        return self.sandbox.var_dir / f"{name.replace(' ', '-')}.pid"

    def _log(self, name: str) -> Path:
        return self.sandbox.var_dir / f"{name.replace(' ', '-')}.log"


def _kill_all(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        family = [process, *process.children(recursive=True)]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(family, timeout=5)
