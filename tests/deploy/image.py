"""The image, made by the Dockerfile's own instructions in a folder of this machine: there is no engine here to ask.

What stands for what: the folder for /app, this machine's Python for the base image's, the uv of `.venv` for the one
that is copied out of uv's image, hard links for uv's copies.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from docker.utils.build import exclude_paths

from tests.deploy.compose import ROOT

FILE: Final = ROOT / "Dockerfile"
BOUND: Final = re.compile(r"type=bind,source=([^,]+)")
# BuildKit's parser is Go's: its threads never end, and who has them may not fork, as other tests do.
PARSE: Final = """
import dockerfile, json, sys
print(json.dumps([[one.cmd, one.flags, one.value] for one in dockerfile.parse_file(sys.argv[1])]))
"""


class Instruction(NamedTuple):
    """A line of the Dockerfile: `COPY`, its flags, and what it is given."""

    cmd: str
    flags: tuple[str, ...]
    value: tuple[str, ...]


Stage = Sequence[Instruction]


def stages() -> list[list[Instruction]]:
    """Their instructions, FROM first."""
    found: list[list[Instruction]] = []
    told = subprocess.run([sys.executable, "-c", PARSE, str(FILE)], check=True, capture_output=True).stdout
    for cmd, flags, value in json.loads(told):
        if cmd == "FROM":
            found.append([])
        found[-1].append(Instruction(cmd, tuple(flags), tuple(value)))
    return found


def sent_to_the_builder() -> frozenset[str]:
    """The files of the checkout that .dockerignore lets through."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    return frozenset(path for path in exclude_paths(str(ROOT), patterns, "Dockerfile") if (ROOT / path).is_file())


def sources(stage: Stage) -> Iterator[str]:
    """What it takes from the checkout, by COPY or for the time of one RUN."""
    for one in stage:
        if one.cmd == "COPY" and not one.flags:
            yield from one.value[:-1]
        yield from _bound(one)


def variables(stage: Stage) -> dict[str, str]:
    """What its ENV instructions set."""
    pairs = [one.value for one in stage if one.cmd == "ENV"]
    return {name: value for each in pairs for name, value in zip(each[::2], each[1::2], strict=True)}


def build(home: Path) -> None:
    """All that the first stage does. Raises CalledProcessError: an instruction failed."""
    home.mkdir()
    builder = stages()[0]
    env = {name: value for name, value in os.environ.items() if name == "HOME" or name.startswith("UV_")}
    env |= {**variables(builder), "UV_LINK_MODE": "hardlink", "UV_PYTHON": sys.executable}
    env["PATH"] = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    for one in builder:
        if one.cmd == "COPY" and not one.flags:
            _copy(one.value[:-1], home / one.value[-1])
        if one.cmd == "RUN":
            _run(one, home, env)


def _copy(names: Sequence[str], target: Path) -> None:
    for path in map(Path, sent_to_the_builder()):
        for name in names:
            if path == Path(name):
                shutil.copy2(ROOT / path, target / path.name)
            elif path.is_relative_to(name):
                to = target / path.relative_to(name)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / path, to)


def _run(one: Instruction, home: Path, env: dict[str, str]) -> None:
    for name in _bound(one):
        shutil.copy2(ROOT / name, home / name)
    subprocess.run(["sh", "-euc", *one.value], cwd=home, env=env, check=True, capture_output=True)
    for name in _bound(one):
        (home / name).unlink()


def _bound(one: Instruction) -> list[str]:
    return [found[1] for flag in one.flags if (found := BOUND.search(flag))]
