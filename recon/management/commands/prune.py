"""`manage.py prune`: remove old snapshots, evaluations and published events, or old look-ups; never audit."""

import json
from argparse import ArgumentParser
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from recon.actions.prune import prune, prune_look_ups
from recon.management.embedded import EmbeddedCommand

FEWEST_DAYS = 7


class Command(EmbeddedCommand):
    help = "Remove what nobody asks for any more; what the stores said within the days kept can still be asked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=400, help="how many days to keep (default 400)")
        parser.add_argument(
            "--look-ups-before",
            type=date.fromisoformat,
            metavar="DATE",
            help="remove instead the record of who saw which account before this day, as 2026-03-01",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, days: int, look_ups_before: date | None, **options: Any) -> None:
        if look_ups_before is not None:
            removed = {"look_up": prune_look_ups(before=_midnight(look_ups_before), actor="terminal:prune")}
        elif days < FEWEST_DAYS:
            raise CommandError(f"--days {days}: keep at least {FEWEST_DAYS} days.")
        else:
            removed = dict(prune(before=timezone.now() - timedelta(days=days)))
        if options["json"]:
            self.stdout.write(json.dumps(removed))
        else:
            for table, rows in removed.items():
                self.stdout.write(f"{table:<28}{rows:>10,} removed")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
