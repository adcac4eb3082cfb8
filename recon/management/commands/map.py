"""`manage.py map`: where the stores' tables are; `--test ACCOUNT` shows an account's facts as they are read there."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.core.management.base import CommandError

from recon import bootstrap
from recon.engine.facts import Reading, StoreName
from recon.engine.values import rfc3339
from recon.management.embedded import EmbeddedCommand
from recon.stores.base import Scope, StoreUnreachable, scope_from_links
from recon.stores.mapping import MappingError
from recon.stores.postgres import PostgresStore
from recon.stores.relation import Unreadable

UNREADABLE: Final = "Not everything can be read, so the account's verdict is unknown:"
UNTRANSLATED: Final = "Not translated; the cell is the engine's, so it counts as drift and would be written over:"


class Command(EmbeddedCommand):
    help = "Show where the tables of the five stores are, and nothing is written anywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--test", metavar="ACCOUNT", help="the account's facts, as they are read through the mapping"
        )
        parser.add_argument("--json", action="store_true", help="as one JSON object")

    def handle(self, *args: Any, test: str | None, **options: Any) -> None:
        try:
            stores = {store.name: store for store in bootstrap.database_stores()}
        except MappingError as error:
            raise CommandError(str(error)) from error
        told = _facts(stores, test) if test else {name: _places(store) for name, store in stores.items()}
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=1, default=_word))
        else:
            self._print(told)
        if strange := [told_of for one in told.values() for told_of in one.get("untranslated", [])]:
            self.stderr.write("\n".join([UNTRANSLATED, *strange]))
        if troubles := [trouble for one in told.values() for trouble in one.get("unreadable", [])]:
            raise CommandError("\n".join([UNREADABLE, *troubles]))

    def _print(self, told: Mapping[StoreName, Mapping[str, Any]]) -> None:
        for store, one in told.items():
            for table, rows in one["tables"].items():
                if isinstance(rows, str):
                    self.stdout.write(f"{f'{store}.{table}':<32}{rows}")
                    continue
                self.stdout.write(f"{store}.{table}: {len(rows)}")
                for row in rows:
                    self.stdout.write("  " + "  ".join(f"{name}={_word(value)}" for name, value in row.items()))


def _places(store: PostgresStore) -> dict[str, Any]:
    """Table → its relation, as the database names it."""
    return {
        "tables": {
            table.name: ".".join(table.relation.place) if table.relation.there else "absent" for table in store.tables
        }
    }


def _facts(stores: Mapping[StoreName, PostgresStore], account_id: str) -> dict[StoreName, dict[str, Any]]:
    """Store → its tables' rows, and what of them nobody can work with; who is merged into the account is read first."""
    links = _read(stores[StoreName.SUBS_CUSTOMER], Scope.of(account_id))
    scope = scope_from_links(account_id, Reading(StoreName.SUBS_CUSTOMER, None, links["tables"]))
    return {name: links if name is StoreName.SUBS_CUSTOMER else _read(store, scope) for name, store in stores.items()}


def _read(store: PostgresStore, scope: Scope) -> dict[str, Any]:
    try:
        tables = store.rows(scope)
    except StoreUnreachable as error:
        return {"tables": {}, "unreadable": [error.sentence]}
    return {
        "tables": tables,
        "unreadable": list(store.unreadable(tables)),
        "untranslated": list(store.untranslated(tables)),
    }


def _word(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    return f"? {value}" if isinstance(value, Unreadable) else str(value)
