"""A backup of our database by pg_dump, restored in its place while the stores stay as they are."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from django.db import connections

from recon.sandbox.cluster import Sandbox
from recon.sandbox.postgres import wheel_bin
from recon.sandbox.provision import OURS

RESTORED, ASIDE = f"{OURS}_restored", f"{OURS}_aside"
END_SESSIONS: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


def dump(sandbox: Sandbox, file: Path) -> None:
    _run("pg_dump", "--format=custom", f"--file={file}", _url(sandbox, OURS))


@contextmanager
def restorable(sandbox: Sandbox) -> Iterator[Callable[[Path], None]]:
    """What it gives puts a dump where our database was; in the end the former one stands there again."""
    try:
        yield lambda file: _restore(sandbox, file)
    finally:
        connections.close_all()
        with psycopg.connect(sandbox.env()["SANDBOX_ADMIN_URL"], autocommit=True) as admin:
            if admin.execute("SELECT FROM pg_database WHERE datname = %s", [ASIDE]).fetchone():
                admin.execute(f"DROP DATABASE {OURS} WITH (FORCE)")
                admin.execute(f"ALTER DATABASE {ASIDE} RENAME TO {OURS}")


def _restore(sandbox: Sandbox, file: Path) -> None:
    connections.close_all()
    with psycopg.connect(sandbox.env()["SANDBOX_ADMIN_URL"], autocommit=True) as admin:
        for left in (RESTORED, ASIDE):  # by a run that was killed
            admin.execute(f"DROP DATABASE IF EXISTS {left} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {RESTORED} OWNER {OURS} TEMPLATE template0")
        _run("pg_restore", "--exit-on-error", f"--dbname={_url(sandbox, RESTORED)}", str(file))
        admin.execute(END_SESSIONS, [OURS])
        admin.execute(f"ALTER DATABASE {OURS} RENAME TO {ASIDE}")
        admin.execute(f"ALTER DATABASE {RESTORED} RENAME TO {OURS}")


def _url(sandbox: Sandbox, database: str) -> str:
    return f"{sandbox.env()['SANDBOX_ADMIN_URL'].rsplit('/', 1)[0]}/{database}"


def _run(program: str, *args: str) -> None:
    done = subprocess.run([str(wheel_bin() / program), *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
