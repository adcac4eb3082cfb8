"""`manage.py drift`: the numbers as last evaluated; a sweep makes them new."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from recon.management.embedded import EmbeddedCommand
from recon.queries.drift import drift_numbers


class Command(EmbeddedCommand):
    help = "Show the three headlines, every class and detail, the findings and the verdicts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        numbers = drift_numbers().as_json()
        if options["json"]:
            self.stdout.write(json.dumps(numbers))
            return
        self.stdout.write(f"{numbers['accounts']:,} accounts, {numbers['drifted']:,} of them drifted")
        for title in ("headlines", "classes", "details", "findings", "states", "verdicts"):
            self._write_counts(title, numbers[title])

    def _write_counts(self, title: str, counts: Mapping[str, int]) -> None:
        self.stdout.write(title)
        for word, count in counts.items():
            self.stdout.write(f"  {word:<32}{count:>8,}")
