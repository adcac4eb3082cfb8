"""`manage.py drift`: the numbers as last evaluated; a sweep makes them new. With `--over`, their course."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from recon.management.embedded import EmbeddedCommand
from recon.queries.course import History, Window, counted_since, history
from recon.queries.drift import drift_numbers
from recon.queries.points import read_count


class Command(EmbeddedCommand):
    help = "Show the three headlines, every class and detail, the findings and the verdicts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument(
            "--over",
            choices=[window.value for window in Window],
            help="what began and healed over this time, by measure",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["over"]:
            now, count = timezone.now(), read_count()
            found = history(Window(options["over"]), count, since=counted_since(count), now=now)
            self._write_course(found, as_json=options["json"])
            return
        numbers = drift_numbers().as_json()
        if options["json"]:
            self.stdout.write(json.dumps(numbers))
            return
        self.stdout.write(f"{numbers['accounts']:,} accounts, {numbers['drifted']:,} of them drifted")
        for title in ("headlines", "classes", "details", "findings", "states", "verdicts"):
            self._write_counts(title, numbers[title])

    def _write_course(self, found: History, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(found.as_json()))
            return
        kinds = ("new", "came back", "undone", "by us", "by itself", "now")
        self.stdout.write(f"{'':<34}{''.join(f'{kind:>12}' for kind in kinds)}")
        for measure, course in found.courses.items():
            split = "".join(f"{accounts:>12,}" for accounts in course.split.parts)
            self.stdout.write(f"  {measure:<32}{split}{course.steps[-1].accounts or 0:>12,}")

    def _write_counts(self, title: str, counts: Mapping[str, int]) -> None:
        self.stdout.write(title)
        for word, count in counts.items():
            self.stdout.write(f"  {word:<32}{count:>8,}")
