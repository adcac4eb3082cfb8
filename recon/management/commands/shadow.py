"""`manage.py shadow`: what others wrote beside what the engine would have written, per class and day."""

import json
from argparse import ArgumentParser
from typing import Any, Final

from django.utils import timezone

from recon.engine.rollout import LOOKS_BACK_DAYS, percent
from recon.engine.shadow import Shadow
from recon.management.embedded import EmbeddedCommand
from recon.management.words import whole
from recon.queries.rollout import rollout
from recon.queries.shadow import Tally, shadow

COLUMNS: Final = (Shadow.AGREED, Shadow.DISAGREED, Shadow.OLD_ONLY, Shadow.ENGINE_ONLY, *list(Shadow)[4:])


class Command(EmbeddedCommand):
    help = "Show what others wrote beside what the engine would have written, and what each class may be trusted with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=whole(1, 3_650), default=LOOKS_BACK_DAYS, help="so many, today's among them")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        now = timezone.now()
        seen, advised = shadow(days=days, now=now), {one.name: one for one in rollout(now=now).classes}
        if options["json"]:
            told = seen.as_json()
            for name, one in told["classes"].items():
                known = advised[name]
                one["mode"], one["advice"] = known.evidence.mode, _advice(known.advice.to, known.advice.may)
                one["because"] = list(known.advice.because)
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(f"{'':<40}{'agreement':>16}{''.join(f'{kind:>13}' for kind in COLUMNS)}")
        for one in seen.classes:
            known = advised[one.name]
            self._write(f"{one.name} ({known.evidence.mode})", one.total)
            for day, tally in one.days.items():
                self._write(f"  {day:%Y-%m-%d}", tally)
            self.stdout.write(f"  {_advice(known.advice.to, known.advice.may)}: {'; '.join(known.advice.because)}")

    def _write(self, title: str, tally: Tally) -> None:
        share = f"{percent(tally[Shadow.AGREED], tally.writes)} % of {tally.writes:,}" if tally.writes else "-"
        self.stdout.write(f"{title:<40}{share:>16}{''.join(f'{tally[kind]:>13,}' for kind in COLUMNS)}"[:180])


def _advice(to: str, may: bool) -> str:
    if not to:
        return "may stay in auto" if may else "look at it"
    return f"may go to {to}" if may else f"not yet to {to}"
