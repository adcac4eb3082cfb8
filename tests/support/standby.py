"""A physical copy of the tests' own cluster: a standby, whose lag is made by pausing its replay, or a server alone."""

import os
import shutil
import subprocess
import time
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import make_conninfo

from recon.sandbox import ports
from recon.sandbox.cluster import Sandbox
from recon.sandbox.postgres import _as, _run, find_home

PAUSED = "SELECT pg_get_wal_replay_pause_state() = 'paused'"
LONGEST_S = 10


class Standby:
    """A physical copy that follows the primary, on a port of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._home = find_home(sandbox.var_dir)
        self._data = self._home.data.with_name("standby")
        self._log = sandbox.var_dir / "standby.log"
        self.admin = sandbox.env()["SANDBOX_ADMIN_URL"]
        self.port = ports.keep_or_find(None)

    def build(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(mode=0o700)
        if self._home.user is not None:
            os.chown(self._data, self._home.user.uid, self._home.user.gid)
        primary = urlsplit(self.admin)
        where = make_conninfo(
            "", host=primary.hostname, port=primary.port, user=primary.username, password=primary.password
        )
        _run(
            self._home, "pg_basebackup", "-d", where, "-D", str(self._data), "-R", "-X", "stream", "-c", "fast",
            "--no-sync",
        )  # fmt: skip

    def start(self, options: str = "", *, alone: bool = False) -> None:
        """`alone`: it follows nobody, and can be written to."""
        if alone:
            (self._data / "standby.signal").unlink()
        with self._log.open("ab") as out:
            subprocess.run(
                [str(self._home.bin / "pg_ctl"), "-D", str(self._data), "-w", "start",
                 "-o", f"-p {self.port} {options}"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=True, **_as(self._home.user),
            )  # fmt: skip

    def stop(self) -> None:
        _run(self._home, "pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def destroy(self) -> None:
        self.stop()
        shutil.rmtree(self._data, ignore_errors=True)

    def at(self, url: str) -> str:
        """The same database, role and password, here."""
        parts = urlsplit(url)
        return parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{self.port}")).geturl()

    def pause(self) -> None:
        """From here on it receives what the primary writes, and shows nothing of it."""
        with psycopg.connect(self.at(self.admin), autocommit=True) as conn:
            conn.execute("SELECT pg_wal_replay_pause()")
            self._wait(conn, PAUSED)

    def resume(self) -> None:
        """It has caught up on return."""
        with psycopg.connect(self.admin, autocommit=True) as primary:
            (written,) = primary.execute("SELECT pg_current_wal_lsn()").fetchone()
        with psycopg.connect(self.at(self.admin), autocommit=True) as conn:
            conn.execute("SELECT pg_wal_replay_resume()")
            self._wait(conn, f"SELECT pg_last_wal_replay_lsn() >= '{written}'")

    def _wait(self, conn: psycopg.Connection, until: str) -> None:
        limit = time.monotonic() + LONGEST_S
        while conn.execute(until).fetchone() != (True,):
            if time.monotonic() > limit:
                raise TimeoutError(until)
            time.sleep(0.01)
