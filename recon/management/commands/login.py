"""`manage.py login NAME --role ROLE`: who may come in by a password of ours, the first admin before all."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from recon.actions.authority import ROLES
from recon.actions.set_login import set_login
from recon.management.embedded import EmbeddedCommand


class Command(EmbeddedCommand):
    help = "Make a login or change one: its password, asked for here or read from standard input, and its roles."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument(
            "--role", action="append", default=[], choices=ROLES, help="repeat it for several; none: shut the login"
        )
        parser.add_argument("--keep-password", action="store_true", help="change the roles of a login alone")
        parser.add_argument("--reason", required=True, help="why; kept in the audit")

    def handle(self, *args: Any, name: str, role: list[str], **options: Any) -> None:
        keeps = options["keep_password"] or not role
        if keeps and not get_user_model().objects.filter(username=name).exists():
            raise CommandError(f"There is no login {name!r}; give it a password and a --role.")
        password = None if keeps else _password()
        try:
            is_new = set_login(name, roles=role, password=password, actor="terminal:login", reason=options["reason"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        done = "made" if is_new else "changed" if role else "shut"
        self.stdout.write(f"{name}: {done}{', ' if role else ''}{', '.join(role)}.")


def _password() -> str:
    """Typed twice where somebody types."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().removesuffix("\n")
    password = getpass("Password: ")
    if getpass("The same once more: ") != password:
        raise CommandError("The two passwords differ.")
    return password
