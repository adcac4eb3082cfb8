"""`manage.py sync_stripe`: fill or refresh the mirror by Stripe's lists; cut off, it goes on where it was."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from recon.actions import equipment
from recon.actions.sync_stripe import sync_stripe
from recon.bootstrap import stripe_store
from recon.management.embedded import EmbeddedCommand
from recon.management.progress import Progress
from recon.stores.base import StoreError


class Command(EmbeddedCommand):
    help = "Fill or refresh the mirror of Stripe's objects."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        with Progress("Stripe", "objects") as report:
            try:
                done = sync_stripe(stripe_store(), clock=timezone.now, pace=equipment.pace(), report=report)
            except StoreError as error:
                raise CommandError(f"{error.sentence} What was read is kept: start this again to go on.") from error
        if options["json"]:
            figures = {"as_of": done.started_at.isoformat(), "read": done.objects_read, "removed": done.objects_removed}
            self.stdout.write(json.dumps(figures))
        else:
            self.stdout.write(f"{done.objects_read:,} objects, {done.objects_removed:,} removed")
