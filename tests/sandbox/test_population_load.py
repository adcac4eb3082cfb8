"""The population in real databases: what was generated is what the stores hold."""

from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.rows import dict_row

from recon.engine.facts import StoreName
from recon.sandbox.population import generate, seed
from recon.sandbox.population.rows import TABLES
from recon.sandbox.twin import state
from tests.support.stores import empty_stores

SEEDED_AT = datetime(2026, 3, 20, 16, 40, tzinfo=UTC)
ACCOUNTS, SEED = 150, 5


@pytest.fixture(scope="module")
def report(sandbox):
    yield seed(sandbox.env(), ACCOUNTS, SEED, now=SEEDED_AT)
    empty_stores(sandbox.env())
    with psycopg.connect(sandbox.env()["STRIPE_TWIN_DATABASE_URL"]) as conn:
        state.reset(conn)


def held(sandbox, store: StoreName, table: str) -> list[dict]:
    with psycopg.connect(sandbox.env()[f"SANDBOX_{store.upper()}_OWNER_URL"], row_factory=dict_row) as conn:
        return conn.execute(f"SELECT * FROM {table}").fetchall()


def made(store: StoreName, table: str) -> list[dict]:
    return [row for episode in generate(ACCOUNTS, SEED, SEEDED_AT) for row in episode.tables[store][table]]


@pytest.mark.parametrize(
    ("store", "table"), [(store, table) for store in TABLES if store is not StoreName.STRIPE for table in TABLES[store]]
)
def test_a_table_holds_the_rows_that_were_generated(report, sandbox, store, table):
    rows = held(sandbox, store, table)
    columns = list(rows[0]) if rows else []
    wanted = [tuple(row.get(name) for name in columns) for row in made(store, table)]
    assert sorted((tuple(row[name] for name in columns) for row in rows), key=str) == sorted(wanted, key=str)
    assert report.rows[f"{store}.{table}"] == len(rows)


def test_the_twin_holds_the_objects_that_were_generated(report, sandbox):
    with psycopg.connect(sandbox.env()["STRIPE_TWIN_DATABASE_URL"]) as conn:
        held_ids = {row[0] for row in conn.execute("SELECT id FROM objects WHERE kind <> 'invoice_payment'")}
    assert held_ids == {row["id"] for table in TABLES[StoreName.STRIPE] for row in made(StoreName.STRIPE, table)}


def test_seeding_again_replaces_what_was_there(report, sandbox):
    assert seed(sandbox.env(), ACCOUNTS, SEED, now=SEEDED_AT) == report
    assert len(held(sandbox, StoreName.SUBS_DUNNING, "dunning")) == report.rows["subs_dunning.dunning"]


def test_the_report_counts_accounts_and_stories(report):
    assert report.accounts == ACCOUNTS
    assert sum(report.stories.values()) >= ACCOUNTS - 5
