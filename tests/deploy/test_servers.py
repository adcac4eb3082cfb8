"""The servers that the file brings along take their passwords from the same secrets as our processes do."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis
from psycopg.conninfo import make_conninfo
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from recon.sandbox import ports
from recon.sandbox.postgres import SUPERUSER, PostgresServer, find_home
from recon.sandbox.valkey import find_binary
from tests.deploy.compose import ROOT, compose

SERVICES: Final[dict[str, Any]] = compose({"ALLOWED_HOSTS": "recon.example.com"})["services"]
MAKE_SECRETS: Final = ROOT / "ops" / "compose" / "secrets.sh"
UNTIL_IT_STARTS: Final = Retry(ConstantBackoff(0.02), retries=500)
ONCE: Final = Retry(ConstantBackoff(0), retries=0)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    subprocess.run(["sh", MAKE_SECRETS, tmp_path / "secrets"], check=True, capture_output=True)
    return tmp_path / "secrets"


@pytest.fixture
def postgres(tmp_path: Path, secrets: Path) -> Iterator[dict[str, str]]:
    """Where a server is that has nothing yet, and its superuser."""
    (tmp_path / "servers").mkdir()
    server, password = PostgresServer(tmp_path / "servers", durable=False), (secrets / "postgres_password").read_text()
    port = server.ensure_started(password.strip(), None)
    yield {"host": ports.LOOPBACK, "port": str(port), "user": SUPERUSER, "password": password.strip()}
    server.destroy()


def test_a_new_volume_gets_our_database_and_a_role_that_is_no_superuser(
    postgres: dict[str, str], secrets: Path, tmp_path: Path
) -> None:
    [script] = [mount for mount in SERVICES["postgres"]["volumes"] if ".sql:" in mount]
    sql = (ROOT / script.split(":")[0]).read_text().replace("/run/secrets/", f"{secrets}/")
    command = [find_home(tmp_path / "servers").bin / "psql", "-v", "ON_ERROR_STOP=1"]
    env = {"PATH": os.environ["PATH"], "PGDATABASE": "postgres"} | {f"PG{k.upper()}": v for k, v in postgres.items()}
    done = subprocess.run(command, env=env, input=sql, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    ours = urlsplit((secrets / "database_url").read_text().strip())
    own = {"user": ours.username, "password": ours.password, "dbname": ours.path.removeprefix("/")}
    with psycopg.connect(make_conninfo(**{**postgres, **own})) as conn:
        told = conn.execute("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert told.fetchone() == (False, False, False)
        conn.execute("CREATE TABLE it_owns_the_database ()")


def test_valkey_takes_the_password_out_of_the_url_and_shows_it_to_nobody(secrets: Path, tmp_path: Path) -> None:
    port, password = ports.keep_or_find(None), urlsplit((secrets / "redis_url").read_text().strip()).password
    *shell, script = SERVICES["valkey"]["command"]
    here = script.replace("/run/secrets/", f"{secrets}/").replace("/tmp/valkey", f"{tmp_path}/valkey")
    command = [*shell, f"{here.rstrip()} --port {port}"]
    env = {"PATH": f"{find_binary().parent}:{os.environ['PATH']}"}
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, cwd=tmp_path)
    try:
        with redis.Redis(ports.LOOPBACK, port, password=password, retry=UNTIL_IT_STARTS) as known:
            assert known.ping()
        with redis.Redis(ports.LOOPBACK, port, retry=ONCE) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        assert password not in " ".join(psutil.Process(server.pid).cmdline())
    finally:
        server.terminate()
        server.wait(10)
