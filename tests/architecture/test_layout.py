"""The house's shape: what stands at the top, how long a file may be, who may import whom."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOP = {
    ".ci", ".dockerignore", ".gitignore", "CHANGELOG.md", "Dockerfile", "Makefile", "README.md", "bench",
    "docker-compose.yml", "docs", "examples", "inspector", "manage.py", "ops", "pyproject.toml", "recon", "static",
    "templates", "tests", "uv.lock",
}  # fmt: skip
MOST_LINES = 400


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in listed.split("\0") if name]


def test_the_top_level_holds_exactly_what_the_house_is_made_of() -> None:
    assert {path.parts[0] for path in tracked()} == TOP


@pytest.mark.parametrize("ending", [".py", ".html", ".css", ".js", ".sql"])
def test_no_file_is_longer_than_two_pages(ending: str) -> None:
    sources = [path for path in tracked() if path.suffix == ending and "migrations" not in path.parts]
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in sources if (ROOT / path).exists()}
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_the_engine_imports_the_standard_library_alone() -> None:
    code = (
        "import sys, pkgutil, importlib, recon.engine\n"
        "for found in pkgutil.walk_packages(recon.engine.__path__, 'recon.engine.'):\n"
        "    importlib.import_module(found.name)\n"
        "ours = {name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'__main__'}\n"
        "print(sorted(ours))\n"
    )

    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("['recon']", "")


def test_every_contract_of_imports_is_kept() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
