"""What takes a process out of service, each with the real part stopped or hanging, and what does not."""

import os
import signal
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from django.conf import settings
from django.test import Client

from recon.actions.check_readiness import check_readiness, is_ready
from recon.bootstrap import broker_probe, database_probe, stores
from recon.sandbox.cluster import Sandbox
from recon.stores.connections import Connections, Patience

pytestmark = pytest.mark.django_db

NOWHERE = "127.0.0.1:1"
HURRIED = Patience(connect=2, answer=0.3)
ALL_WELL = {"database": "ok", "migrations": "ok", "broker": "ok"}
SILENT = ALL_WELL | {"database": "no answer", "migrations": "unknown"}


@pytest.fixture
def ours() -> Iterator[Connections]:
    with Connections(settings.DATABASE_URL, HURRIED) as ours:
        yield ours


@pytest.fixture
def deaf() -> Iterator[str]:
    """host:port of somebody who takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def empty(sandbox: Sandbox) -> Iterator[str]:
    """The address of a new database on the same server."""
    admin = sandbox.env()["SANDBOX_ADMIN_URL"]
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute("create database never_migrated")
        yield urlsplit(admin)._replace(path="/never_migrated").geturl()
        conn.execute("drop database never_migrated with (force)")


def checked(ours: Connections) -> tuple[Any, bool]:
    parts = check_readiness(ours, broker_probe())
    return parts, is_ready(parts)


def test_ready_when_everything_answers() -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json(), answer["Cache-Control"]) == (200, ALL_WELL, "no-store")


def test_not_ready_while_our_database_is_stopped() -> None:
    with Connections(f"postgresql://recon@{NOWHERE}/recon", HURRIED) as away:
        assert checked(away) == (SILENT, False)


def test_not_ready_while_our_database_hangs_and_ready_as_soon_as_it_goes_on(ours: Connections) -> None:
    """Its process is frozen in the middle of a conversation: whoever asks goes away, and comes anew."""
    assert checked(ours) == (ALL_WELL, True)
    with ours.using() as connection:
        server = connection.info.backend_pid
    os.kill(server, signal.SIGSTOP)
    try:
        assert checked(ours) == (SILENT, False)
        assert checked(ours) == (ALL_WELL, True)
    finally:
        os.kill(server, signal.SIGCONT)


def test_not_ready_while_our_databases_server_takes_connections_and_says_nothing(deaf: str) -> None:
    with Connections(f"postgresql://recon@{deaf}/recon", HURRIED) as silent:
        assert checked(silent) == (SILENT, False)


def test_not_ready_before_the_first_migration(empty: str) -> None:
    with Connections(empty, HURRIED) as new:
        assert checked(new) == (ALL_WELL | {"migrations": "not applied"}, False)


@pytest.mark.parametrize(("theirs", "migrations"), [("0001_initial", "not applied"), ("9999_later", "ok")])
def test_ready_with_all_of_this_releases_migrations_and_those_of_a_later_one(
    empty: str, ours: Connections, theirs: str, migrations: str
) -> None:
    with ours.using() as here, psycopg.connect(empty, autocommit=True) as there:
        applied = here.execute("select app, name from django_migrations").fetchall()
        there.execute("create table django_migrations (app text, name text)")
        kept = [*applied, ("recon", theirs)] if migrations == "ok" else [("recon", theirs)]
        there.cursor().executemany("insert into django_migrations values (%s, %s)", kept)
    with Connections(empty, HURRIED) as other:
        assert checked(other) == (ALL_WELL | {"migrations": migrations}, migrations == "ok")


@pytest.mark.parametrize("how", ["stopped", "hanging"])
def test_ready_without_the_broker_which_only_hurries(how: str, deaf: str) -> None:
    place = NOWHERE if how == "stopped" else deaf
    with redis.Redis.from_url(f"redis://{place}/0", socket_connect_timeout=1, socket_timeout=0.2) as away:
        parts = check_readiness(database_probe(), away)
    assert (parts, is_ready(parts)) == (ALL_WELL | {"broker": "no answer"}, True)


def test_stores_that_are_down_take_nobody_out_of_service(settings: Any) -> None:
    settings.STORES = {store: f"postgresql://recon@{NOWHERE}/{store}" for store in settings.STORES}
    settings.STRIPE_API_BASE = f"http://{NOWHERE}"
    stores.cache_clear()
    try:
        assert Client().get("/readyz").status_code == 200
    finally:
        stores.cache_clear()
