"""The base of every command that needs the stores: with no environment of one's own, the sandbox's servers are used.

They are started for the command when they do not run, and stopped again by whoever leaves last.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from kombu.exceptions import OperationalError as BrokerError

from recon.migrated import why_unmigrated
from recon.settings import env as loaded

NEVER_SEEDED = (
    "No stores to work on: DATABASE_URL is not set, and the sandbox in {place} has no population yet. "
    "Run `manage.py demo` (or `demo --headless`) once, or name your own stores as the README says."
)
CORRECT = "gives no answer: correct {}, or start the server, then start this again."


class EmbeddedCommand(BaseCommand):
    """A command that works on the stores of the environment, or else on the sandbox."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        if not settings.EMBEDDED:
            return self._execute(*args, **options)
        from recon.sandbox.cluster import Sandbox  # production has no use for it

        sandbox = Sandbox(settings.SANDBOX_DIR)
        if sandbox.seeded_accounts() is None:
            raise CommandError(NEVER_SEEDED.format(place=settings.SANDBOX_DIR))
        with sandbox.attached():
            env = sandbox.env()
            if is_in_force(env):
                return self._execute(*args, **options)
            sys.exit(subprocess.call([sys.executable, *sys.orig_argv[1:]], env={**os.environ, **env}))

    def _execute(self, *args: Any, **options: Any) -> str | None:
        if told := why_unmigrated():
            raise CommandError(told)
        try:
            return super().execute(*args, **options)
        except OperationalError as error:
            if told := why_silent():
                raise CommandError(told) from error
            raise
        except BrokerError as error:
            raise CommandError(f"The broker {CORRECT.format('REDIS_URL')}") from error


def why_silent() -> str:
    """After something in our database went wrong: what to do where it gives no answer; empty where it does."""
    connection.close()
    try:
        connection.ensure_connection()
    except OperationalError:
        return f"Our own database at {_place()} {CORRECT.format('DATABASE_URL')}"
    return ""


def _place() -> str:
    """Which database, without who asks it."""
    named = settings.DATABASES["default"]
    return f"{named['HOST']}:{named['PORT']}/{named['NAME']}"


def is_in_force(env: Mapping[str, str]) -> bool:
    """Whether this process's settings were read from these values: a port may have moved at the servers' start."""
    return all(loaded.str(name, "") == value for name, value in env.items())
