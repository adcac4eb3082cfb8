"""The sandbox starts from nothing, again after any kind of end, and leaves strangers alone."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from recon.sandbox import ports, processes
from recon.sandbox.cluster import Sandbox
from recon.sandbox.postgres import find_home, running_port, server_user


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    box = Sandbox(tmp_path_factory.mktemp("box"), durable=False)
    yield box
    box.destroy()


@pytest.fixture
def running(box: Sandbox) -> Sandbox:
    box.ensure_started(twin=False)
    return box


def answers(box: Sandbox) -> bool:
    env = box.env()
    with psycopg.connect(env["CF_PROD_URL"]) as conn, redis.Redis.from_url(env["REDIS_URL"]) as client:
        return conn.execute("SELECT 1").fetchone() == (1,) and client.ping() is True


def test_a_second_start_changes_nothing(running: Sandbox) -> None:
    env, pid = running.env(), processes.find(running.valkey.pid_file)
    running.ensure_started(twin=False)
    assert (running.env(), processes.find(running.valkey.pid_file)) == (env, pid)
    assert answers(running)


def test_it_starts_again_with_its_data_after_everything_was_killed(running: Sandbox) -> None:
    with psycopg.connect(running.env()["SANDBOX_CF_PROD_OWNER_URL"]) as conn:
        conn.execute("INSERT INTO blocks (account_id, reason, level) VALUES ('acc_1', 'ops', 'restrict')")
    running.postgres.kill()
    os.kill(_valkey(running).pid, signal.SIGKILL)
    running.ensure_started(twin=False)
    assert answers(running)
    with psycopg.connect(running.env()["CF_PROD_URL"]) as conn:
        assert conn.execute("SELECT account_id FROM blocks").fetchall() == [("acc_1",)]


def test_a_killed_postmaster_alone_is_replaced(running: Sandbox) -> None:
    data = find_home(running.var_dir).data
    os.kill(int((data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    running.ensure_started(twin=False)
    assert answers(running)


def test_a_stale_pid_file_that_names_a_stranger_leaves_it_alone(running: Sandbox) -> None:
    running.stop()
    data = find_home(running.var_dir).data
    with stranger() as other:
        lines = [str(other.pid), str(data), "0", "5432", "", "127.0.0.1", "0 0", "ready"]
        (data / "postmaster.pid").write_text("\n".join(lines) + "\n")
        assert running_port(data) is None
        running.ensure_started(twin=False)
        assert other.poll() is None
    assert answers(running)


def test_a_recorded_pid_that_somebody_else_has_by_now_is_left_alone(tmp_path: Path) -> None:
    with stranger() as other:
        pid_file = tmp_path / "service.pid"
        pid_file.write_text(f'{{"pid": {other.pid}, "started": {psutil.Process(other.pid).create_time() - 3600}}}')
        processes.stop(pid_file)
        assert other.poll() is None


def test_stopping_ends_the_whole_session_after_its_leader_was_killed(tmp_path: Path) -> None:
    pid_file, child_file = tmp_path / "service.pid", tmp_path / "child.pid"
    code = (
        "import pathlib, subprocess, sys\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "pathlib.Path(sys.argv[1]).write_text(str(child.pid))\n"
        "child.wait()\n"
    )
    leader = processes.spawn(pid_file, [sys.executable, "-c", code, str(child_file)], tmp_path / "log")
    while not (child_file.exists() and child_file.read_text()):
        assert leader.poll() is None
    child = psutil.Process(int(child_file.read_text()))
    leader.kill()
    leader.wait()
    processes.stop(pid_file)
    assert not processes.is_alive(child)


def test_a_port_that_was_taken_meanwhile_is_changed(running: Sandbox) -> None:
    before = running.env()
    running.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind((ports.LOOPBACK, int(before["DATABASE_URL"].rsplit(":", 1)[1].split("/")[0])))
        squatter.listen()
        running.ensure_started(twin=False)
        assert running.env()["DATABASE_URL"] != before["DATABASE_URL"]
        assert answers(running)


def test_whoever_leaves_last_stops_the_servers(box: Sandbox) -> None:
    first = box.hold()
    with box.attached():
        pass
    assert answers(box)
    first.close()
    with box.attached():
        assert answers(box)
    assert running_port(find_home(box.var_dir).data) is None


def test_passwords_stand_in_private_files_only(running: Sandbox) -> None:
    private = {path.name: path.stat().st_mode & 0o077 for path in running.var_dir.glob("*") if "lock" not in path.name}
    assert {name: mode for name, mode in private.items() if mode and name in SECRET_FILES} == {}
    password = running.env()["REDIS_URL"].split(":")[2].split("@")[0]
    assert not any(password in " ".join(process.cmdline()) for process in _visible())


SECRET_FILES = {"sandbox.env", "master.secret", "valkey.conf"}


@pytest.mark.skipif(server_user() is None, reason="only root runs the server as somebody else")
def test_a_checkout_that_the_servers_user_cannot_enter_works_too(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    box = Sandbox(closed / "var", durable=False)
    try:
        box.ensure_started(twin=False)
        assert answers(box)
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        away = find_home(box.var_dir).data.parent
        box.destroy()
    assert not away.exists()


def stranger() -> "subprocess.Popen[bytes]":
    class Sleeper(subprocess.Popen):  # type: ignore[type-arg]
        def __exit__(self, *args: object) -> None:
            self.kill()
            super().__exit__(*args)

    return Sleeper(["sleep", "60"])


def _valkey(box: Sandbox) -> psutil.Process:
    found = processes.find(box.valkey.pid_file)
    assert found is not None
    return found


def _visible() -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            process.cmdline()
        except psutil.Error:
            continue
        yield process
