"""dj-stripe ready to be served: an environment of its own, made by uv, and a database of its own on the same server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

from tests.bench.serving import LOGS, ROOT, Endpoint, same_version, served

HOME = LOGS / "djstripe"
PYTHON = HOME / "bin" / "python"
DATABASE = "bench_peer"
# It answers 500 with our own stripe.
ITS_OWN = ("dj-stripe==2.10.*", "stripe==13.2.*")
OURS_TOO = ("django", "granian", "psycopg[binary]", "dj-database-url")
INSTALLS_WITHIN_S = 120
PATH = "/stripe/webhook/5f3a6b0e-9d0c-4c55-8a3e-0f6f4b1f2c11/"
ENDPOINT = Endpoint("dj-stripe 2.10", "tests.bench.dj_stripe:application", PATH, str(PYTHON))
STRIPE = Endpoint("Stripe", "tests.bench.stripe_at_once:application", "/")


class LeftOut(Exception):
    """It cannot be measured here; the message says why."""


@contextmanager
def served_peer() -> Iterator[int]:
    """Its port. LeftOut: its packages cannot be had."""
    _install()
    with served(STRIPE, servers=1) as stripe_port:
        env = {"PEER_DATABASE_URL": _new_database(), "STRIPE_API_BASE": f"http://127.0.0.1:{stripe_port}"}
        build = [PYTHON, "-m", "tests.bench.dj_stripe"]
        subprocess.run(build, env={**os.environ, **env}, cwd=ROOT, check=True)
        with served(ENDPOINT, env) as port:
            yield port


def _install() -> None:
    uv = [sys.executable, "-m", "uv"]
    into = ["pip", "install", "--quiet", "--python", str(PYTHON)]
    try:
        if not PYTHON.exists():
            _run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)])
        _run([*uv, *into, *ITS_OWN, *map(same_version, OURS_TOO)])
    except (OSError, subprocess.SubprocessError) as error:
        raise LeftOut(f"dj-stripe is left out: its packages could not be installed ({error}).") from error


def _run(argv: list[str]) -> None:
    subprocess.run(argv, check=True, timeout=INSTALLS_WITHIN_S)


def _new_database() -> str:
    """Its URL; whatever an earlier run left is dropped."""
    admin = os.environ["SANDBOX_ADMIN_URL"]
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f"drop database if exists {DATABASE} with (force)".encode())
        conn.execute(f"create database {DATABASE}".encode())
    return urlsplit(admin)._replace(path=f"/{DATABASE}").geturl()
