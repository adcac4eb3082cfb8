"""The databases as a release leaves them, for the next release's test: `python -m tests.upgrade.make_data 0.2.0 HEAD`.

Run it when a release is made, with its number and its commit, and commit what it puts into `tests/upgrade/data/`. It
checks that commit out beside this one and lets that code work (see `work`); nobody and nothing in it is real.
"""

import lzma
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from recon.sandbox.cluster import Sandbox
from recon.sandbox.postgres import wheel_bin
from recon.sandbox.provision import OURS, STORES, TWIN
from tests.support.commands import KEPT, ROOT

DATA: Final = Path(__file__).parent / "data"
WORK: Final = Path(__file__).with_name("work.py")
MOST_BYTES: Final = 300 * 1024


def main(version: str, commit: str) -> None:
    place = DATA / version
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as away:
        tree, sandbox = Path(away, "tree"), Sandbox(Path(away, "var"))
        _git("worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            env = {name: os.environ[name] for name in KEPT if name in os.environ}
            work = [sys.executable, WORK, "work", sandbox.var_dir, place / "told.json.xz"]
            subprocess.run(work, cwd=tree, env={**env, "PYTHONPATH": str(tree)}, check=True)
            for database in (OURS, *STORES, TWIN):
                text = _dump(sandbox, database, schema=database == OURS)
                (place / f"{database}.sql.xz").write_bytes(lzma.compress(text.encode(), preset=9))
        finally:
            sandbox.destroy()
            _git("worktree", "remove", "--force", str(tree))
    size = sum(file.stat().st_size for file in place.iterdir())
    sys.stdout.write(f"{place}: {size:,} bytes\n")
    if size > MOST_BYTES:
        raise SystemExit(f"More than {MOST_BYTES:,} bytes: let fewer accounts do.")


def _dump(sandbox: Sandbox, database: str, *, schema: bool) -> str:
    """Statements that any client can send: without psql's own commands, and what a prepared transaction holds."""
    url = urlsplit(sandbox.env()["SANDBOX_ADMIN_URL"])._replace(path=f"/{database}").geturl()
    options = ["--no-owner", "--no-privileges", "--no-comments", "--inserts", "--rows-per-insert=100"]
    command = [str(wheel_bin() / "pg_dump"), *options, *([] if schema else ["--data-only"]), url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("\\"))


def _git(*argv: str) -> None:
    subprocess.run(["git", *argv], cwd=ROOT, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
