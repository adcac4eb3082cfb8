"""The last release's own tests, on the tables of this one: while a release is rolled out, both serve."""

import json
import lzma
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from recon.sandbox.cluster import Sandbox
from tests.support.commands import KEPT, ROOT
from tests.upgrade.answers import lacks
from tests.upgrade.make_data import WORK

LAST_RELEASE: Final = "cf2932622c286c31120d4c52dac09ad8603b1cd1"  # 0.1.0
ENVIRONMENT: Final = {name: os.environ[name] for name in KEPT if name in os.environ}
TESTS: Final = ("tests/actions", "tests/apply", "tests/queries", "tests/api/test_direct.py", "tests/api/test_reads.py")


@pytest.fixture
def last_release(tmp_path: Path) -> Iterator[Path]:
    """Its tree, to which this release's migrations were added: it migrates to tables that it does not know."""
    if subprocess.run(["git", "cat-file", "-e", LAST_RELEASE], cwd=ROOT, capture_output=True).returncode:
        pytest.skip(f"the last release, {LAST_RELEASE}, is not in this clone: fetch the whole history")
    tree = tmp_path / "tree"
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree, LAST_RELEASE], cwd=ROOT, check=True)
    for migration in (ROOT / "recon" / "migrations").glob("0*.py"):
        shutil.copy(migration, tree / "recon" / "migrations")
    yield tree
    subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)


pytestmark = pytest.mark.long


def test_the_last_releases_code_works_on_this_ones_tables(last_release: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *TESTS],
        cwd=last_release,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:]


def test_the_last_release_goes_on_with_what_this_one_left(last_release: Path, tmp_path: Path) -> None:
    """As when one goes back to it."""
    sandbox = Sandbox(tmp_path / "var", durable=False)
    try:
        now = work("work", ROOT, sandbox, tmp_path / "now")
        then = work("go on", last_release, sandbox, tmp_path / "then")
    finally:
        sandbox.destroy()
    assert lacks(then, now) == []


def work(what: str, tree: Path, sandbox: Sandbox, told: Path) -> Any:
    command = [sys.executable, WORK, what, sandbox.var_dir, told]
    done = subprocess.run(
        command, cwd=tree, env={**ENVIRONMENT, "PYTHONPATH": str(tree)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return json.loads(lzma.decompress(told.read_bytes()))
