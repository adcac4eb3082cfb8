"""`manage.py restored`: is our database older than what it wrote? With --accept, a person has looked and goes on."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.utils import timezone

from recon import actors
from recon.actions import apply_equipment
from recon.actions.restored import accept_restored, why_held
from recon.management.embedded import EmbeddedCommand
from recon.stores.base import StoreError

NEXT = (
    "Recovery settles again. Now `manage.py sweep --full` evaluates every account on what the stores hold today; then"
    " an admin lets applies go on."
)


class Command(EmbeddedCommand):
    help = "After a restore of our database: what it does not know of the stores, and how to go on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--accept", action="store_true", help="go on: what nobody knows is presumed undecided")
        parser.add_argument("--reason", default="", help="what you found; kept in the audit")
        parser.add_argument("--as", dest="username", default="", metavar="USER", help="who accepts it")

    def handle(self, *args: Any, **options: Any) -> None:
        why = why_held(now=timezone.now())
        if options["accept"]:
            self._accept(options["username"], options["reason"])
            return
        if not why:
            self.stdout.write("This database knows all that it wrote, as far as anything outside says.")
            return
        self.stdout.write(why)
        report = apply_equipment.recovery().look()
        self.stdout.write(f"repairs under way when it was backed up: {report.waiting}")
        self.stdout.write(f"prepared transactions in the stores: {report.prepared_left}")
        for sentence in (*report.unreachable, *report.alerts):
            self.stdout.write(f"  {sentence}")
        raise SystemExit(1)

    def _accept(self, username: str, reason: str) -> None:
        user = get_user_model().objects.filter(username=username, is_active=True, groups__name="admin").first()
        if user is None:
            raise CommandError("Name with --as an active user who is an admin.")
        try:
            strays = accept_restored(actor=actors.person(username), reason=reason, now=timezone.now())
        except (ValueError, StoreError) as error:
            raise CommandError(str(error)) from error
        for stray in strays:
            self.stdout.write(f"rolled back: {stray.gid}")
        self.stdout.write(NEXT)
