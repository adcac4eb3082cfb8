"""What a peer needs to run beside us: packages of its own, and a database of its own on the same server."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg

INSTALLS_WITHIN_S: Final = 120


class LeftOut(Exception):
    """It cannot be measured here; the message says why."""


def environment(home: Path, requirements: Sequence[str]) -> Path:
    """Its interpreter. LeftOut: its packages cannot be had."""
    uv, python = [sys.executable, "-m", "uv"], home / "bin" / "python"
    if not python.exists():
        install(home.name, [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home)])
    install(home.name, [*uv, "pip", "install", "--quiet", "--python", str(python), *requirements])
    return python


def install(name: str, argv: Sequence[str]) -> None:
    try:
        subprocess.run(argv, check=True, timeout=INSTALLS_WITHIN_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise LeftOut(f"{name} is left out: its packages could not be installed ({error}).") from error


def new_database(name: str) -> str:
    """Its URL; whatever an earlier run left is dropped."""
    admin = os.environ["SANDBOX_ADMIN_URL"]
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f"drop database if exists {name} with (force)".encode())
        conn.execute(f"create database {name}".encode())
    return urlsplit(admin)._replace(path=f"/{name}").geturl()
