"""The README's transcript, run as it stands there: whoever follows it gets what it shows."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from recon.actions.look_again import look_again
from tests.apply.conftest import clock, six
from tests.inspector.conftest import person_of

__all__ = ["clock", "six"]

README: Final = Path(__file__).resolve().parents[2] / "README.md"
SECTION: Final = re.compile(r"^## Calling it from a program\n(.*?)^## ", re.MULTILINE | re.DOTALL)
CONSOLE: Final = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
STEP: Final = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
TOKEN: Final = re.compile(r"recon_[a-z0-9]{12}_[A-Za-z0-9_-]{43}")
END: Final = "\x1e"

pytestmark = pytest.mark.django_db(transaction=True)


def transcript() -> Iterator[tuple[str, str]]:
    """Each command of the section, with what the README shows after it."""
    section = SECTION.search(README.read_text(encoding="utf-8"))
    assert section
    for block in CONSOLE.findall(section[1]):
        yield from STEP.findall(block)


def made_token() -> str:
    """As the page shows it once to an admin."""
    admin = Client()
    admin.force_login(person_of("admin"))
    form = {"name": "support-desk", "purpose": "the README", "scope": ["read", "repair"], "days": "30"}
    found = TOKEN.search(admin.post("/tokens/make/", form).content.decode())
    assert found
    return found.group()


def printed(commands: list[str]) -> list[str]:
    """What each of them prints, in one shell."""
    script = "".join(f"{command}\nprintf '{END}'\n" for command in commands)
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(["bash", "-u"], input=script, env=env, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split(END)[:-1]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine: apt-get install curl")
def test_an_account_is_repaired_with_curl(six: object, settings: Any, live_server: LiveServer) -> None:
    settings.POLICY = {"plans": {"price_pro": "pro"}}
    look_again("acc_1", actor="user:ada")
    token = made_token()
    commands, shown = zip(*transcript(), strict=True)
    own = [command.replace("http://127.0.0.1:8000", live_server.url).replace("recon_…", token) for command in commands]
    assert printed(own) == list(shown)
    assert "applied token:support-desk\n" in shown
