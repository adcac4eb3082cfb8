"""`manage.py explain FILE`: what the rules say of each case in a file, one JSON object a line. Needs no database."""

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recon.engine.explain import explain

MALFORMED = 2


class Command(BaseCommand):
    help = (
        "Reads cases (one JSON object a line) and prints an answer for each, in order. A case that cannot be read gets "
        'the line {"account_id": …, "error": …}; the others go on, and the exit status is 2.'
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a file of cases, or - for standard input")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        failed = False
        with _opened(file) as lines:
            for explained in explain(lines):
                self.stdout.write(json.dumps(explained.answer))
                failed |= not explained.ok
        if failed:
            sys.exit(MALFORMED)


def _opened(file: str) -> AbstractContextManager[BinaryIO]:
    if file == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read: {error.strerror}. Name a file of cases, or - for standard input."
        ) from None
