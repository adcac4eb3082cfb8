"""The demo, headless, as a person runs it: from nothing to zero, and a second time with nothing left to do.

Some hundred accounts; `make chaos` takes the five thousand that a person gets.
"""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from recon.bootstrap import DATABASE_STORES
from recon.sandbox.cluster import Sandbox
from recon.sandbox.population.cast import headline_counts
from recon.sandbox.postgres import find_home, running_port
from recon.sandbox.twin import state
from tests.support.commands import run

NOTHING = {"stuck_in_bad_debt": 0, "inconsistent_debt_flags": 0, "no_successful_payment": 0}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, accounts: int) -> Iterator[Sandbox]:
    box = Sandbox(tmp_path_factory.mktemp(f"demo-{accounts}"))
    yield box
    box.destroy()


@pytest.fixture(scope="module", params=[200, pytest.param(5_000, marks=pytest.mark.long)])
def accounts(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture(scope="module")
def first(box: Sandbox, accounts: int) -> dict[str, Any]:
    return headless(box, "--accounts", str(accounts))


def headless(box: Sandbox, *options: str) -> dict[str, Any]:
    """What it says when it is over."""
    done = run(box, "demo", "--headless", "--json", *options)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout
    return json.loads(done.stdout)


def test_the_headlines_go_from_what_was_seeded_to_zero(first: dict[str, Any], accounts: int) -> None:
    assert tuple(first["before"].values()) == headline_counts(accounts)
    assert first["after"] == NOTHING


def test_the_six_stores_themselves_say_so(first: dict[str, Any], accounts: int) -> None:
    assert (first["proof"]["accounts"], first["proof"]["headlines"]) == (accounts, NOTHING)


def test_every_repair_was_applied_and_nothing_hangs(first: dict[str, Any]) -> None:
    assert list(first["repairs"]) == ["applied"]
    assert first["prepared_left"] == 0


def test_every_fact_and_intent_is_bit_for_bit_what_it_was(first: dict[str, Any]) -> None:
    assert (first["facts_unchanged"], first["broken_facts"]) == (True, [])


def test_nothing_runs_when_it_is_over(first: dict[str, Any], box: Sandbox) -> None:
    assert running_port(find_home(box.var_dir).data) is None
    assert list(box.var_dir.glob("*.pid")) == []


def test_a_second_run_finds_nothing_and_writes_nothing(first: dict[str, Any], box: Sandbox) -> None:
    with box.attached():
        versions, customers = row_versions(box), stripe_customers(box)
    second = headless(box)
    with box.attached():
        assert (row_versions(box), stripe_customers(box)) == (versions, customers)
    assert (second["before"], second["after"], second["repairs"]) == (NOTHING, NOTHING, {})


def row_versions(box: Sandbox) -> dict[str, tuple[int, int]]:
    """Table → number of rows and sum of their versions: any write moves one of the two."""
    found = {}
    for store in DATABASE_STORES:
        with psycopg.connect(box.env()[f"SANDBOX_{store.name.upper()}_OWNER_URL"]) as conn:
            for table in (table.name for table in store.tables if table.derived):
                query = sql.SQL("SELECT count(*), coalesce(sum(row_version), 0)::bigint FROM {}")
                found[table] = conn.execute(query.format(sql.Identifier(table))).fetchone()
    return found


def stripe_customers(box: Sandbox) -> str:
    with psycopg.connect(box.env()["STRIPE_TWIN_DATABASE_URL"]) as conn:
        state.create(conn)
        query = "SELECT md5(string_agg(body::text, '' ORDER BY id)) FROM objects WHERE kind = 'customer'"
        return conn.execute(query).fetchone()[0]
