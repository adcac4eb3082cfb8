"""The last release's own tests, on the tables of this one: while a release is rolled out, both serve."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import KEPT, ROOT

LAST_RELEASE: Final = "cf2932622c286c31120d4c52dac09ad8603b1cd1"  # 0.1.0
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


@pytest.mark.long
def test_the_last_releases_code_works_on_this_ones_tables(last_release: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *TESTS],
        cwd=last_release,
        env={name: os.environ[name] for name in KEPT if name in os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:]
