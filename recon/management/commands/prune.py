"""`manage.py prune`: remove what is older than the settings keep, or old look-ups; never audit."""

import json
from argparse import ArgumentParser
from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone

from recon.actions.prune import prune, prune_table
from recon.actions.retention import LOOK_UPS
from recon.management.embedded import EmbeddedCommand
from recon.management.words import day

ACTOR = "terminal:prune"


class Command(EmbeddedCommand):
    help = "Remove what nobody asks for any more, table by table, by the days that the settings keep it for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--look-ups-before",
            type=day,
            metavar="DATE",
            help="remove instead the record of who saw which account before this day, as 2026-03-01",
        )
        parser.add_argument("--json", action="store_true", help="the rows removed by table as one JSON object")

    def handle(self, *args: Any, look_ups_before: date | None, **options: Any) -> None:
        if look_ups_before is not None:
            removed = {LOOK_UPS.table: prune_table(LOOK_UPS, before=_midnight(look_ups_before), actor=ACTOR)}
        else:
            removed = dict(prune(now=timezone.now(), actor=ACTOR).removed)
        if options["json"]:
            self.stdout.write(json.dumps(removed))
        else:
            for table, rows in removed.items():
                self.stdout.write(f"{table:<28}{rows:>10,} removed")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
