"""The services of docker-compose.yml as plain processes of this machine: their own commands, environment, secrets and
health checks, in the folder that the Dockerfile made.

What stands for what: a folder for each of the container's places, the loopback and a free port for the web's address, a
name for the container's host name. Nothing else of this machine's environment reaches them.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recon.sandbox import ports
from recon.sandbox.cluster import Sandbox
from recon.sandbox.provision import STORES
from tests.deploy.compose import compose, seconds
from tests.deploy.image import stages, variables

LOOK_SECONDS: Final = 0.2
READY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """A started service. `grace` is how many seconds it may take to end, `log` what it wrote."""

    name: str
    process: "subprocess.Popen[bytes]"
    health: tuple[str, ...]
    home: Path
    env: Mapping[str, str]
    grace: float
    log: Path

    def trouble(self) -> str:
        """What its health check says against it; empty: it is healthy."""
        done = _run(self.health, self.home, self.env)
        return "" if done.returncode == 0 else done.stdout + done.stderr or f"exit code {done.returncode}"

    def wait_until_healthy(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while told := self.trouble():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: {told}\n{self.log.read_text()[-3000:]}")
            time.sleep(LOOK_SECONDS)

    def wait_until_in_trouble(self) -> str:
        deadline = time.monotonic() + READY_SECONDS
        while not (told := self.trouble()):
            assert time.monotonic() < deadline, f"{self.name} is healthy still"
            time.sleep(LOOK_SECONDS)
        return told


class ProcessSet:
    """`var` keeps what volumes keep; `settings` stand in .env, beside what names the servers."""

    def __init__(self, image: Path, var: Path, servers: Sandbox, settings: Mapping[str, str]) -> None:
        self.image = image
        self.var = var
        needed = {"ALLOWED_HOSTS": "recon.example.com", "SECRETS": str(var / "secrets")}
        self.settings = {**needed, "STRIPE_API_BASE": servers.env()["STRIPE_API_BASE"], **settings}
        self.port = ports.keep_or_find(None)
        self._file = compose(self.settings)
        self._running: list[Running] = []
        (var / "secrets").mkdir(parents=True)
        for name, secret in secrets_of(servers.env()).items():
            (var / "secrets" / name).write_text(f"{secret}\n")

    def run(self, name: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Once, to its end: the service's own command, or these words in its place."""
        place = self._place(name, 0)
        return _run(
            self._placed(words or self._file["services"][name]["command"], place), self.image, self.env(name, 0)
        )

    def start(self, name: str, number: int = 1) -> Running:
        """One container of a service, the `number`th of its kind."""
        service, place, env = self._file["services"][name], self._place(name, number), self.env(name, number)
        log = place / "log"
        with log.open("ab") as out:
            command = self._placed(service["command"], place)
            process = subprocess.Popen(command, cwd=self.image, env=env, stdout=out, stderr=out, start_new_session=True)
        health = tuple(self._placed(service["healthcheck"]["test"][1:], place))
        started = Running(name, process, health, self.image, env, seconds(service["stop_grace_period"]), log)
        self._running.append(started)
        return started

    def stop(self, *some: Running) -> list[int]:
        """As Compose does: asked together, each given its time. Their exit codes. TimeoutExpired: one outlasts it."""
        for one in some:
            one.process.send_signal(signal.SIGTERM)
        return [one.process.wait(one.grace) for one in some]

    def kill(self) -> None:
        """Whatever still runs, with all that it forked."""
        for one in self._running:
            with suppress(ProcessLookupError):
                os.killpg(one.process.pid, signal.SIGKILL)
            one.process.wait()

    def env(self, name: str, number: int) -> dict[str, str]:
        """What a container of the service would have in its environment."""
        place, of_image = self._place(name, number), variables(stages()[-1])
        of_image["PATH"] = of_image["PATH"].replace("$PATH", "/usr/bin:/bin")
        told = [{"LANG": "C.UTF-8", **of_image}, self._file["services"][name]["environment"]]
        first, last = ({key: self._placed([value], place)[0] for key, value in each.items()} for each in told)
        return {**first, **self.settings, **last}

    def _place(self, name: str, number: int) -> Path:
        """What the container alone has: its /tmp and its host name."""
        place = self.var / f"{name}-{number}"
        place.mkdir(exist_ok=True)
        return place

    def _placed(self, words: Sequence[str], place: Path) -> list[str]:
        here = {
            **{f"/run/secrets/{name}": secret["file"] for name, secret in self._file["secrets"].items()},
            "/etc/recon/stores.toml": self._file["configs"]["store_mapping"]["file"],
            "/app/": f"{self.image}/",
            "/tmp/": f"{place}/",
            "/var/lib/recon/": f"{self.var}/",
            "0.0.0.0": ports.LOOPBACK,
            "8000": str(self.port),
            "%h": place.name,
        }
        there = re.compile("|".join(map(re.escape, sorted(here, key=len, reverse=True))))
        return [there.sub(lambda found: here[found[0]], word) for word in words]


def secrets_of(env: Mapping[str, str]) -> dict[str, str]:
    """What somebody writes who has the sandbox's servers."""
    return {
        "database_url": env["DATABASE_URL"],
        "redis_url": env["REDIS_URL"],
        **{f"{store}_url": env[f"{store.upper()}_URL"] for store in STORES},
        "secret_key": env["SECRET_KEY"],
        "audit_key": "0123456789abcdef0123456789abcdef",
        "event_feed_secrets": "123456789abcdef0123456789abcdef0",
        "store_event_secrets": '{"cf_prod": ["23456789abcdef0123456789abcdef01"]}',
        "stripe_api_key": env["STRIPE_API_KEY"],
        "stripe_webhook_secret": env["STRIPE_WEBHOOK_SECRET"],
    }


def _run(command: Sequence[str], home: Path, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(list(command), cwd=home, env=dict(env), capture_output=True, text=True, check=False)
