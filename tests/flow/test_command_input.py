"""What may be wrong in a terminal is told in a line, with what to do about it."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from recon.celery import app
from recon.management.embedded import EmbeddedCommand
from recon.queries.course import Window
from tests.support.commands import KEPT, ROOT

NOWHERE = "127.0.0.1:1"


@pytest.mark.parametrize(
    "words",
    [
        ("follow", "acc_1", "--most", "-1"),
        ("follow", "acc_1", "--most", "all"),
        ("shadow", "--days", "0"),
        ("sweep", "--workers", "-1"),
        ("listen", "--every", "0"),
        ("demo", "--port", "0"),
        ("demo", "--port", "65536"),
        ("demo", "--accounts", "0"),
        ("prune", "--look-ups-before", "yesterday"),
    ],
)
def test_a_number_that_is_none_is_refused_by_its_option(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=rf"argument {words[-2]}: not a "):
        call_command(*words)


def test_a_choice_is_named_as_it_is_typed() -> None:
    with pytest.raises(CommandError, match=f"choose from {', '.join(repr(str(one)) for one in Window)}"):
        call_command("drift", "--over", "3d")


def test_a_database_that_does_not_answer_is_named_with_its_setting() -> None:
    answer = outside("drift", DATABASE_URL=f"postgres://recon:secret@{NOWHERE}/recon")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.splitlines() == [
        f"CommandError: Our own database at {NOWHERE}/recon gives no answer: "
        "correct DATABASE_URL, or start the server, then start this again."
    ]


@pytest.mark.django_db
def test_a_broker_that_does_not_answer_is_named_with_its_setting() -> None:
    with pytest.raises(CommandError, match=r"^The broker gives no answer: correct REDIS_URL"):
        call_command(Asking())


class Asking(EmbeddedCommand):
    """Asks the broker."""

    def handle(self, *args: Any, **options: Any) -> None:
        with app.connection_for_write(f"redis://{NOWHERE}/0") as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)


def outside(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`manage.py` in an environment that names nothing else."""
    env = {name: os.environ[name] for name in KEPT if name in os.environ} | environment
    return subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=env, capture_output=True, text=True)
