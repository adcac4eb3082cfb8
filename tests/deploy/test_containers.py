"""The containers without an engine: what is in the image, and the whole set of processes at its work."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import psycopg
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from recon.bootstrap import DATABASE_STORES
from recon.sandbox.cluster import Sandbox
from recon.sandbox.population import seed
from recon.sandbox.population.cast import headline_counts
from recon.sandbox.provision import engine_role
from recon.sandbox.showcase import prepared_left
from recon.stores.changes import recipe
from tests.deploy.compose import ROOT, compose
from tests.deploy.image import build, stages, variables
from tests.deploy.process_set import LOOK_SECONDS, ProcessSet, Running, secrets_of

SERVICES: Final = compose({"ALLOWED_HOSTS": "recon.example.com"})["services"]
OURS: Final = [name for name, service in SERVICES.items() if service["image"] == "recon"]
EXPORT: Final = [
    *(Path(sys.executable).with_name("uv"), "export", "--frozen", "--no-default-groups", "--no-emit-project"),
    *("--no-hashes", "--no-header", "--no-annotate"),
]
WORKERS: Final = 4
NOTHING: Final = dict.fromkeys(("stuck_in_bad_debt", "inconsistent_debt_flags", "no_successful_payment"), 0)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the image has under /app."""
    home = tmp_path_factory.mktemp("image") / "app"
    build(home)
    return home


def test_the_image_has_exactly_what_the_lock_says_without_the_groups(image: Path) -> None:
    listed = subprocess.run(EXPORT, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    locked = [one for one in map(Requirement, listed) if not one.marker or one.marker.evaluate()]
    [packages] = image.glob(".venv/lib/python3.*/site-packages")
    found = {(canonicalize_name(one.name), f"=={one.version}") for one in distributions(path=[str(packages)])}
    assert found == {(canonicalize_name(one.name), str(one.specifier)) for one in locked}


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_in_the_image(name: str, image: Path) -> None:
    assert variables(stages()[-1])["PATH"].startswith("/app/.venv/bin:")
    health = SERVICES[name].get("healthcheck", {"test": ["CMD", "python"]})["test"]
    words = (SERVICES[name]["command"][0], health[1])
    assert [word for word in words if not (image / ".venv" / "bin" / word).exists()] == []


def test_the_static_files_are_collected_and_every_module_is_compiled(image: Path) -> None:
    assert (image / "staticfiles" / "staticfiles.json").exists()
    ours = [path for part in ("recon", "inspector") for path in (image / part).rglob("*.py")]
    compiled = f".{sys.implementation.cache_tag}.pyc"
    assert [path for path in ours if not (path.parent / "__pycache__" / f"{path.stem}{compiled}").exists()] == []


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Sandbox]:
    """Those that the services are pointed at: as if a company had them."""
    servers = Sandbox(tmp_path / "servers", durable=False)
    servers.ensure_started()
    yield servers
    servers.destroy()


@pytest.fixture
def process_set(image: Path, servers: Sandbox, tmp_path: Path) -> Iterator[ProcessSet]:
    (tmp_path / "stores.toml").write_text("# as the reference schema has them\n")
    settings = {
        "STORE_MAPPING_PATH": str(tmp_path / "stores.toml"),
        "WEB_PROCESSES": "1",
        "WORKER_PROCESSES": "1",
    }
    process_set = ProcessSet(image, tmp_path / "set", servers, settings)
    yield process_set
    process_set.kill()


def start(process_set: ProcessSet, servers: Sandbox, accounts: int) -> list[Running]:
    """All services in the order of Compose, each healthy; the workers first."""
    seed(servers.env(), accounts, now=datetime.now(UTC))
    install_triggers(servers, "billing_prod")
    migrated = process_set.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    started = [process_set.start("worker", number) for number in range(1, WORKERS + 1)]
    started += [process_set.start(name) for name in ("web", "beat", "listen")]
    for one in started:
        one.wait_until_healthy()
    return started


def install_triggers(servers: Sandbox, name: str) -> None:
    store = next(store for store in DATABASE_STORES if store.name == name)
    with psycopg.connect(servers.env()[f"SANDBOX_{name.upper()}_OWNER_URL"]) as conn:
        conn.execute(recipe(store, engine_role(name)).encode())


def begin_work(process_set: ProcessSet) -> "subprocess.Popen[str]":
    """The demo's work by these workers, from outside of the image: it has no sandbox."""
    env = {**process_set.env("worker", 0), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.deploy.work"]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until_some_are_repaired(servers: Sandbox, work: "subprocess.Popen[str]") -> None:
    with psycopg.connect(servers.env()["DATABASE_URL"], autocommit=True) as conn:
        while work.poll() is None and conn.execute("SELECT FROM bulk_repair WHERE done > 0").fetchone() is None:
            time.sleep(LOOK_SECONDS)


def assert_all_is_repaired(work: "subprocess.Popen[str]", accounts: int) -> None:
    told, errors = work.communicate()
    assert work.returncode == 0, errors
    done = json.loads(told)
    assert tuple(done["before"].values()) == headline_counts(accounts)
    assert (done["after"], done["proof"], done["accounts"]) == (NOTHING, NOTHING, accounts)
    assert list(done["repairs"]) == ["applied"]


def files_in(folder: Path) -> dict[Path, int]:
    """Each with when it was written last, in nanoseconds."""
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_the_set_does_the_demos_work_and_ends_when_it_is_asked_to(
    process_set: ProcessSet, servers: Sandbox, image: Path
) -> None:
    """One worker is asked while it repairs; the others do what it leaves. Nobody writes into the image."""
    built = files_in(image)
    first, *others = started = start(process_set, servers, 60)
    shown = "".join(f"{one.process.args}{one.env}" for one in started)
    assert [name for name, secret in secrets_of(servers.env()).items() if secret in shown] == []
    work = begin_work(process_set)
    wait_until_some_are_repaired(servers, work)
    assert process_set.stop(first) == [0]
    assert_all_is_repaired(work, 60)
    assert process_set.stop(*others) == [0] * len(others)
    assert prepared_left(servers) == 0
    assert files_in(image) == built


@pytest.mark.long
def test_a_set_that_is_stopped_amid_its_work_leaves_nothing_prepared_and_goes_on(
    process_set: ProcessSet, servers: Sandbox
) -> None:
    started = start(process_set, servers, 1_000)
    work = begin_work(process_set)
    wait_until_some_are_repaired(servers, work)
    assert process_set.stop(*started) == [0] * len(started)
    assert prepared_left(servers) == 0
    for name, number in (*(("worker", number) for number in range(1, WORKERS + 1)), ("beat", 1)):
        process_set.start(name, number)
    assert_all_is_repaired(work, 1_000)
    assert prepared_left(servers) == 0


@pytest.mark.long
def test_whoever_has_no_broker_is_not_healthy_until_it_is_back(process_set: ProcessSet, servers: Sandbox) -> None:
    assert process_set.run("migrate").returncode == 0
    some = [process_set.start(name) for name in ("worker", "beat")]
    for one in some:
        one.wait_until_healthy()
    servers.valkey.stop()
    for one in some:
        assert one.wait_until_in_trouble().endswith(" s ago, not within 30 s.\n")
    servers.ensure_started()
    for one in some:
        one.wait_until_healthy()
    assert process_set.stop(*some) == [0, 0]
