"""`manage.py prune`: remove old snapshots, evaluations and published events; never audit."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from recon.actions.prune import prune
from recon.management.embedded import EmbeddedCommand

FEWEST_DAYS = 7


class Command(EmbeddedCommand):
    help = "Remove what nobody asks for any more; what the stores said within the days kept can still be asked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=400, help="how many days to keep (default 400)")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        if days < FEWEST_DAYS:
            raise CommandError(f"--days {days}: keep at least {FEWEST_DAYS} days.")
        removed = prune(before=timezone.now() - timedelta(days=days))
        if options["json"]:
            self.stdout.write(json.dumps(dict(removed)))
        else:
            for table, rows in removed.items():
                self.stdout.write(f"{table:<28}{rows:>10,} removed")
