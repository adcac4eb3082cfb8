"""The population into the stores: COPY through the owners' connections, and into the Stripe twin's database.

What was there before is removed first: the same call gives the same stores.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from recon.engine.facts import StoreName
from recon.engine.schema import TABLES, Table
from recon.sandbox.population.cast import headline_counts
from recon.sandbox.population.playbook import DEFAULT_ACCOUNTS, DEFAULT_SEED, generate
from recon.sandbox.population.rows import Episode, Row, Tables, empty_tables
from recon.sandbox.population.story import HeadlineCounts
from recon.sandbox.twin import state

CHUNK_EPISODES = 1_000  # bounds what stands in memory at once
TWIN_URL = "STRIPE_TWIN_DATABASE_URL"


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What was seeded: accounts, rows by `store.table`, playings by story, and what the three headlines must read."""

    accounts: int
    rows: Mapping[str, int]
    stories: Mapping[str, int]
    headlines: HeadlineCounts


def seed(
    env: Mapping[str, str], accounts: int = DEFAULT_ACCOUNTS, seed: int = DEFAULT_SEED, *, now: datetime
) -> SeedReport:
    """Replace what the sandbox's six stores hold by the population of this size, seed and day.

    `env` names the owners' databases (SANDBOX_<STORE>_OWNER_URL) and the twin's (STRIPE_TWIN_DATABASE_URL). Each store
    is one transaction. KeyError: a name is missing; psycopg.Error: a database refused.
    """
    rows: Counter[str] = Counter()
    stories: Counter[str] = Counter()
    with ExitStack() as stack:
        databases = {store: stack.enter_context(psycopg.connect(env[_owner_url(store)])) for store in TABLES}
        twin = stack.enter_context(psycopg.connect(env[TWIN_URL]))
        _empty(databases, twin)
        for chunk in _chunks(generate(accounts, seed, now)):
            stories.update(episode.story for episode in chunk)
            rows.update(_load(databases, twin, _together(chunk)))
    return SeedReport(accounts, rows, stories, headline_counts(accounts))


def _owner_url(store: StoreName) -> str:
    return f"SANDBOX_{store.upper()}_OWNER_URL"


def _empty(databases: Mapping[StoreName, psycopg.Connection[Any]], twin: psycopg.Connection[Any]) -> None:
    """Remove whatever the stores hold."""
    for store, conn in databases.items():
        names = sql.SQL(", ").join(sql.Identifier(table) for table in TABLES[store])
        conn.execute(sql.SQL("truncate {}").format(names))
    state.reset(twin)


def _chunks(episodes: Iterable[Episode]) -> Iterable[Sequence[Episode]]:
    chunk: list[Episode] = []
    for episode in episodes:
        chunk.append(episode)
        if len(chunk) == CHUNK_EPISODES:
            yield chunk
            chunk = []
    yield chunk


def _together(episodes: Sequence[Episode]) -> Tables:
    """The rows of many episodes, table by table."""
    whole = empty_tables()
    for episode in episodes:
        for store, tables in episode.tables.items():
            for name, rows in tables.items():
                whole[store][name] += rows
    return whole


def _load(
    databases: Mapping[StoreName, psycopg.Connection[Any]], twin: psycopg.Connection[Any], tables: Tables
) -> dict[str, int]:
    """Copy the rows in; returns how many went into each table."""
    for store, conn in databases.items():
        for name, rows in tables[store].items():
            _copy(conn, name, _columns(TABLES[store][name]), rows)
    state.load(twin, tables[StoreName.STRIPE])
    return {f"{store}.{name}": len(rows) for store, named in tables.items() for name, rows in named.items()}


def _columns(table: Table) -> list[str]:
    """The table's columns; one with a version also says when it was last written."""
    names = [column.name for column in table.columns]
    return [*names, "updated_at"] if "row_version" in names else names


def _copy(conn: psycopg.Connection[Any], table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """COPY rows into one table; a column that a row leaves out is null."""
    names = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), names)
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([row.get(column) for column in columns])
