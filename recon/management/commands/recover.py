"""`manage.py recover`: finish every apply that nobody finishes, and sweep away what was prepared too late."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from recon.actions.recover import recover
from recon.management.embedded import EmbeddedCommand


class Command(EmbeddedCommand):
    help = "Settle what a crash left in doubt. It may be run at any time, by anybody, as often as they like."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--now", action="store_true", help="also what a live coordinator still holds: it will stop")
        parser.add_argument("--json", action="store_true", help="the report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        report = recover(whatever_lease=options["now"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(report)))
        else:
            settled = ", ".join(f"{count} {state}" for state, count in sorted(report.settled.items())) or "none"
            self.stdout.write(f"settled: {settled}; still waiting: {report.waiting}; swept: {report.swept}")
            self.stdout.write(f"prepared transactions left: {report.prepared_left}")
            for sentence in (*report.unreachable, *report.alerts):
                self.stdout.write(f"  {sentence}")
        if report.alerts or report.unreachable:
            raise SystemExit(1)
