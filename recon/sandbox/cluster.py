"""The sandbox: PostgreSQL with all databases, Valkey, the Stripe twin, and the environment that names them to all else.

What is kept under `var_dir`: the cluster, `master.secret` (every password derives from it) and `sandbox.env` (the
environment, mode 0600, read by the settings when nothing else names a database).
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import make_conninfo

from recon.sandbox import ports, provision
from recon.sandbox.logins import LOGINS, password_of
from recon.sandbox.postgres import SUPERUSER, PostgresServer
from recon.sandbox.twin_server import TwinServer
from recon.sandbox.valkey import ValkeyServer

ENV_FILE: Final = "sandbox.env"


class Sandbox:
    """All servers of the embedded default under one directory. Idempotent, also after a kill -9 of everything."""

    def __init__(self, var_dir: Path, *, durable: bool = True) -> None:
        """`durable=False` turns fsync off: for tests, which lose nothing that matters in a power cut."""
        self.var_dir = var_dir.resolve()
        self.postgres = PostgresServer(self.var_dir, durable=durable)
        self.valkey = ValkeyServer(self.var_dir)
        self.twin = TwinServer(self.var_dir)

    def ensure_started(self, *, twin: bool = True, webhook_url: str = "") -> None:
        """Start what does not run, build what does not exist, and write sandbox.env.

        A twin that is to send its events to `webhook_url` is started anew with it.
        """
        self.var_dir.mkdir(parents=True, exist_ok=True)
        with self._lock():
            before = self.env()
            master = self._master()
            pg_port = self.postgres.ensure_started(_password(master, SUPERUSER), _port(before, "DATABASE_URL"))
            self._ensure_provisioned(master, pg_port)
            redis_port = self.valkey.ensure_started(_password(master, "valkey"), _port(before, "REDIS_URL"))
            twin_port = _port(before, "STRIPE_API_BASE") or ports.keep_or_find(None)
            env = _environment(self.var_dir, master, pg_port, redis_port, twin_port)
            if twin:
                twin_port = self._ensure_twin(env, twin_port, webhook_url)
                env = _environment(self.var_dir, master, pg_port, redis_port, twin_port)
            self._write_env(env)

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Use the running servers, or start them; whoever leaves last stops them."""
        with self.hold() as users:
            try:
                self.ensure_started()
                yield
            finally:
                if _is_last(users):
                    self.stop()

    def hold(self) -> IO[str]:
        """A user's claim on the servers: while it is open, nobody else who leaves stops them."""
        self.var_dir.mkdir(parents=True, exist_ok=True)
        users = (self.var_dir / "users.lock").open("w")
        fcntl.flock(users, fcntl.LOCK_SH)
        return users

    def stop(self) -> None:
        with self._lock():
            self.twin.stop()
            self.valkey.stop()
            self.postgres.stop()

    def destroy(self) -> None:
        """Stop everything and forget all data; the next start builds it anew."""
        if not self.var_dir.exists():
            return
        with self._lock():
            self.twin.stop()
            self.valkey.stop()
            self.postgres.destroy()
            self._forget_checkpoints()
            for name in ("master.secret", "schema.sha256", "seeded.json", ENV_FILE):
                (self.var_dir / name).unlink(missing_ok=True)

    def env(self) -> dict[str, str]:
        """The variables of sandbox.env, or nothing before the first start."""
        try:
            lines = (self.var_dir / ENV_FILE).read_text().splitlines()
        except FileNotFoundError:
            return {}
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def seeded_accounts(self) -> int | None:
        """How many accounts the population has that is in the stores; None when it is not, or only in part."""
        try:
            return int(json.loads((self.var_dir / "seeded.json").read_text())["accounts"])
        except FileNotFoundError:
            return None

    def mark_seeded(self, accounts: int) -> None:
        """To be called when all of it is there: what a killed seeding left is then seen as no population."""
        (self.var_dir / "seeded.json").write_text(json.dumps({"accounts": accounts}))

    def recreate_ours(self) -> None:
        """Empty our own database (not the stores), as before the first migration."""
        master = self._master()
        self._forget_checkpoints()
        with psycopg.connect(self.env()["SANDBOX_ADMIN_URL"], autocommit=True) as conn:
            provision.recreate_database(conn, provision.OURS, lambda role: _password(master, role))

    def _ensure_provisioned(self, master: str, port: int) -> None:
        marker = self.var_dir / "schema.sha256"
        wanted = provision.fingerprint()
        if marker.exists() and marker.read_text() == wanted:
            return
        (self.var_dir / "seeded.json").unlink(missing_ok=True)
        self._forget_checkpoints()
        password = _password(master, SUPERUSER)
        provision.provision(
            lambda db: make_conninfo("", host=ports.LOOPBACK, port=port, user=SUPERUSER, password=password, dbname=db),
            lambda role: _password(master, role),
        )
        marker.write_text(wanted)

    def _forget_checkpoints(self) -> None:
        """Those of an audit that is no more: they would say that the new one was restored."""
        (self.var_dir / "audit-checkpoints").unlink(missing_ok=True)

    def _ensure_twin(self, env: Mapping[str, str], port: int, webhook_url: str) -> int:
        if webhook_url:
            self.twin.stop()
        return self.twin.ensure_started({**env, "STRIPE_TWIN_WEBHOOK_URL": webhook_url}, port)

    def _master(self) -> str:
        """The one secret. Without it the cluster's passwords are lost, so a cluster without it is built anew."""
        path = self.var_dir / "master.secret"
        if not path.exists() or not path.read_text():
            self.postgres.destroy()
            (self.var_dir / "schema.sha256").unlink(missing_ok=True)
            _write_private(path, secrets.token_hex(32))
        return path.read_text()

    def _write_env(self, env: Mapping[str, str]) -> None:
        _write_private(self.var_dir / ENV_FILE, "".join(f"{name}={value}\n" for name, value in env.items()))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One starter at a time; the system frees the lock of a killed one."""
        with (self.var_dir / "sandbox.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _environment(var_dir: Path, master: str, pg_port: int, redis_port: int, twin_port: int) -> dict[str, str]:
    def url(role: str, database: str) -> str:
        return f"postgres://{role}:{_password(master, role)}@{ports.LOOPBACK}:{pg_port}/{database}"

    stores = provision.STORES
    return {
        "RECON_SANDBOX": str(var_dir),
        "DATABASE_URL": url(provision.OURS, provision.OURS),
        **{f"{store.upper()}_URL": url(provision.engine_role(store), store) for store in stores},
        **{f"SANDBOX_{store.upper()}_OWNER_URL": url(provision.owner_role(store), store) for store in stores},
        "STRIPE_TWIN_DATABASE_URL": url(provision.TWIN, provision.TWIN),
        "SANDBOX_ADMIN_URL": url(SUPERUSER, "postgres"),
        "REDIS_URL": f"redis://:{_password(master, 'valkey')}@{ports.LOOPBACK}:{redis_port}/0",
        "STRIPE_API_KEY": f"sk_test_{_password(master, 'stripe')}",
        "STRIPE_API_BASE": f"http://{ports.LOOPBACK}:{twin_port}",
        "STRIPE_LIVEMODE": "false",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{_password(master, 'webhook')}",
        "SECRET_KEY": _password(master, "django") + _password(master, "django, second half"),
        "DEMO_LOGINS": ",".join(f"{name}:{password_of(name)}" for name in LOGINS),
    }


def _password(master: str, purpose: str) -> str:
    return hmac.new(master.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:40]


def _is_last(users: IO[str]) -> bool:
    """Whether nobody else holds the users' lock."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _port(env: Mapping[str, str], name: str) -> int | None:
    return urlsplit(env[name]).port if name in env else None


def _write_private(path: Path, text: str) -> None:
    """Write atomically, readable by us alone."""
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    partial.replace(path)
