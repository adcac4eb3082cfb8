"""`manage.py listen`: follow the changes that stores note by triggers; `--recipe STORE` prints the SQL for one."""

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from recon import bootstrap, heartbeat
from recon.actions.follow_changes import follow_changes
from recon.management.embedded import EmbeddedCommand
from recon.management.signals import stopped_by_signals
from recon.management.words import seconds
from recon.stores.base import StoreUnreachable
from recon.stores.changes import ChangeFeed, recipe
from recon.stores.mapping import MappingError

NOBODY = "No store has a table recon_changes: `manage.py listen --recipe STORE` prints what its owner runs once."


class Command(EmbeddedCommand):
    help = "Receive the changes that the stores' triggers note, until it is stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        stores = [store.name.value for store in bootstrap.DATABASE_STORES]
        parser.add_argument("--every", type=seconds, default=1.0, help="seconds between two looks (default 1)")
        parser.add_argument("--once", action="store_true", help="what is there now, and no more")
        parser.add_argument("--recipe", choices=stores, help="print the SQL by which that store notes its changes")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["recipe"]:
            self._print_recipe(options["recipe"])
            return
        feeds = list(self._feeds())
        if not feeds:
            raise CommandError(NOBODY)
        self.stdout.write(f"Listening to {', '.join(feed.name for feed in feeds)}.")
        with stopped_by_signals() as asked:
            while True:
                self._look(feeds)
                if options["once"] or asked.wait(options["every"]):
                    return

    def _feeds(self) -> Iterator[ChangeFeed]:
        """Those that are there, and those that give no answer now: they may have it."""
        for feed in bootstrap.change_feeds():
            try:
                if feed.is_there():
                    yield feed
            except StoreUnreachable as error:
                self.stderr.write(error.sentence)
                yield feed

    def _look(self, feeds: Sequence[ChangeFeed]) -> None:
        close_old_connections()
        for feed in feeds:
            try:
                follow_changes(feed, now=timezone.now())
                heartbeat.touch(settings.HEARTBEAT)
            except StoreUnreachable as error:  # the others go on, and this one is asked again
                self.stderr.write(error.sentence)
            except (DatabaseError, InterfaceError) as error:  # the store keeps them until we have them
                self.stderr.write(f"{feed.name}: our own database did not take its changes ({type(error).__name__}).")

    def _print_recipe(self, name: str) -> None:
        try:
            store = next(store for store in bootstrap.database_stores() if store.name == name)
        except MappingError as error:
            raise CommandError(str(error)) from error
        role = unquote(urlsplit(settings.STORES[name]).username or "")
        if not role:
            raise CommandError(f"{name.upper()}_URL names no role, so nobody knows whose writes to leave out.")
        self.stdout.write(recipe(store, role), ending="")
