"""Commands with no environment of their own use the sandbox: attach to it, start it for a while, or say what to do."""

import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from recon.management.embedded import is_in_force
from recon.sandbox.cluster import Sandbox
from recon.sandbox.postgres import find_home, running_port
from tests.support.commands import ROOT, own_environment, run


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One that no demo has ever run on."""
    box = Sandbox(tmp_path_factory.mktemp("empty"), durable=False)
    yield box
    box.destroy()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """As a demo leaves it: with our tables, a population that is marked whole (and empty), and nothing running."""
    box = Sandbox(tmp_path_factory.mktemp("box"), durable=False)
    with box.attached():
        assert run(box, "migrate", "--skip-checks").returncode == 0
    box.mark_seeded(0)
    yield box
    box.destroy()


def is_running(box: Sandbox) -> bool:
    return running_port(find_home(box.var_dir).data) is not None


def test_without_a_population_a_command_says_what_to_run_first(empty: Sandbox) -> None:
    done = run(empty, "drift", "--json")
    assert done.returncode == 1
    assert "manage.py demo" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_starts_the_servers_and_stops_them_again(box: Sandbox) -> None:
    done = run(box, "drift", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert not is_running(box)


def test_a_command_leaves_servers_running_that_somebody_else_uses(box: Sandbox) -> None:
    with box.attached():
        assert run(box, "drift", "--json").returncode == 0
        assert is_running(box)


def test_a_port_that_moved_at_the_start_is_noticed(box: Sandbox) -> None:
    """The settings are read before the servers start, so the command has to read them again."""
    env_file = box.var_dir / "sandbox.env"
    port = box.env()["REDIS_URL"].rsplit(":", 1)[1].split("/")[0]
    env_file.write_text(env_file.read_text().replace(f":{port}/0", ":1/0"))
    done = run(box, "drift", "--json")
    assert (done.returncode, done.stderr) == (0, "")


def test_values_that_the_settings_were_read_from_are_in_force(sandbox: Sandbox) -> None:
    assert is_in_force(sandbox.env())
    assert not is_in_force({**sandbox.env(), "REDIS_URL": "redis://elsewhere/0"})


def test_a_second_demo_on_the_same_directory_is_refused(box: Sandbox) -> None:
    code = (
        "import fcntl, subprocess, sys\n"
        "handle = open(sys.argv[1], 'w'); fcntl.flock(handle, fcntl.LOCK_EX)\n"
        "sys.exit(subprocess.call([sys.executable, 'manage.py', 'demo', '--headless']))\n"
    )
    argv = [sys.executable, "-c", code, str(box.var_dir / "demo.lock")]
    done = subprocess.run(argv, cwd=ROOT, env=own_environment(box), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "A demo runs already" in done.stderr


def test_another_size_of_population_is_not_taken_silently(box: Sandbox) -> None:
    done = run(box, "demo", "--headless", "--accounts", "7")
    assert done.returncode == 1
    assert "--reset" in done.stderr
    assert not is_running(box)


def test_a_port_of_somebody_else_is_said_at_once(box: Sandbox) -> None:
    with box.attached():
        taken = psycopg.connect(box.env()["DATABASE_URL"]).info.port
        done = run(box, "demo", "--port", str(taken))
    assert done.returncode == 1
    assert f"Port {taken} on 127.0.0.1 is taken" in done.stderr
