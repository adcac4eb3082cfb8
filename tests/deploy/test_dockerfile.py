"""The Dockerfile: what it takes, what it leaves out, and who runs what comes of it."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.deploy.compose import compose
from tests.deploy.image import FILE, sent_to_the_builder, sources, stages

BUILDER, RUNTIME = stages()
SERVICES: Final = compose({"ALLOWED_HOSTS": "recon.example.com"})["services"]
OURS: Final = [name for name, service in SERVICES.items() if service["image"] == "recon"]


def test_hadolint_has_nothing_to_say() -> None:
    said = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), FILE], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_what_it_copies_is_there_and_what_it_does_not_is_not_sent() -> None:
    sent = sent_to_the_builder()
    taken = {name: [path for path in sent if Path(path).is_relative_to(name)] for name in sources(BUILDER)}
    assert [name for name, paths in taken.items() if not paths] == []
    always = {"Dockerfile", ".dockerignore"}
    assert sent - {path for paths in taken.values() for path in paths} == always
    assert [path for path in sent if "__pycache__" in path or path.endswith((".env", ".pyc"))] == []


def test_the_image_runs_as_nobody_in_particular() -> None:
    assert [one.value for one in RUNTIME if one.cmd == "USER"] == [("10001:10001",)]
    assert {SERVICES[name]["user"] for name in OURS} == {"10001:10001"}


def test_the_image_is_python_alone_with_what_was_built_on_the_same() -> None:
    assert BUILDER[0].value[0] == RUNTIME[0].value[0] == "python:3.11-slim-trixie"
    assert [one.flags for one in RUNTIME if one.cmd == "COPY"] == [("--from=builder",)]
    assert not [one for one in RUNTIME if one.cmd == "RUN" and ("apt" in one.value[0] or "pip" in one.value[0])]
    assert next(one.value for one in RUNTIME if one.cmd == "CMD")[0] == SERVICES["web"]["command"][0]
