"""`manage.py migrate` beside an application that serves; and what does not begin before it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from recon.migrated import why_unmigrated
from recon.models import Note
from recon.sandbox.cluster import Sandbox
from tests.support.commands import ROOT, own_environment

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 20, tzinfo=UTC)
BEGINNINGS = {
    "terminal": ["manage.py", "recover"],
    "web": ["-c", "import inspector.wsgi"],
    "worker": ["-m", "celery", "-A", "recon", "worker"],
}
PIPES: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
LATEST = MigrationLoader(None).graph.leaf_nodes("recon")[0][1]


def test_our_database_is_migrated_before_the_stores_are_known(settings):
    settings.STORES = dict.fromkeys(settings.STORES, "")
    settings.STRIPE_API_KEY = ""
    call_command("migrate", verbosity=0, skip_checks=False)


def test_a_database_that_is_not_there_is_a_sentence():
    given = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgres://me:s3cret@127.0.0.1:1/recon", "SECRET_KEY": "x"}
    done = subprocess.run([sys.executable, "manage.py", "migrate"], cwd=ROOT, env=given, check=False, **PIPES)
    told = "CommandError: Our own database at 127.0.0.1:1/recon gives no answer: correct DATABASE_URL"
    assert (done.returncode, done.stderr.startswith(told), len(done.stderr.splitlines())) == (1, True, 1)


@pytest.fixture
def scratch(settings) -> Iterator[None]:
    """A release with one more migration; the pages have no tables, so that it may stand under their name."""
    settings.MIGRATION_MODULES = {"inspector": "tests.upgrade.scratch"}
    settings.MIGRATION_LOCK_SECONDS = 0.1
    yield
    call_command("migrate", "inspector", "zero", verbosity=0)


@pytest.fixture
def other(sandbox: Sandbox) -> Iterator[psycopg.Connection]:
    """Somebody else at our database."""
    with psycopg.connect(sandbox.env()["DATABASE_URL"]) as conn:
        yield conn


def columns_of_note() -> set[str]:
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, "note")}


def test_what_gets_no_lock_in_time_gives_up_and_can_be_run_again(scratch: None, other: psycopg.Connection) -> None:
    other.execute("select count(*) from note")  # and its transaction stays open, as a slow report's
    with pytest.raises(CommandError, match=r"longer than 0\.1 s\. inspector\.0001_a_column changed nothing.*again"):
        call_command("migrate", verbosity=0)
    assert "scratch" not in columns_of_note()
    other.rollback()
    call_command("migrate", verbosity=0)
    assert "scratch" in columns_of_note()


def test_two_do_not_migrate_at_once(scratch: None, other: psycopg.Connection) -> None:
    other.execute("select pg_advisory_xact_lock(hashtextextended('recon migrate', 0))")
    with pytest.raises(CommandError, match="Another migrate is under way"):
        call_command("migrate", verbosity=0)
    other.rollback()


def test_a_half_built_index_is_cleared_away(other: psycopg.Connection) -> None:
    other.autocommit = True
    for text in ("one", "two"):
        Note.objects.create(account_id="acc_1", at=NOW, author="user:support", text=text)
    with pytest.raises(psycopg.errors.UniqueViolation):
        other.execute("create unique index concurrently half_built on note (account_id)")
    call_command("migrate", verbosity=0)
    assert other.execute("select to_regclass('half_built')").fetchone() == (None,)


def test_nothing_begins_on_a_database_that_is_behind(sandbox: Sandbox) -> None:
    MigrationRecorder.Migration.objects.filter(name=LATEST).delete()
    begun = {
        name: subprocess.Popen([sys.executable, *argv], cwd=ROOT, env=own_environment(sandbox), **PIPES)
        for name, argv in BEGINNINGS.items()
    }
    try:
        said = {name: (one.communicate()[1], one.returncode) for name, one in begun.items()}
        told = why_unmigrated()
    finally:
        MigrationRecorder.Migration.objects.create(app="recon", name=LATEST)
    assert f"recon.{LATEST} the first of them. Run `manage.py migrate`, then start again." in told
    assert {name: (code, told in errors) for name, (errors, code) in said.items()} == dict.fromkeys(begun, (1, True))


def test_more_than_this_release_knows_is_fine() -> None:
    MigrationRecorder.Migration.objects.create(app="recon", name="9999_of_the_next_release")
    try:
        assert why_unmigrated() == ""
    finally:
        MigrationRecorder.Migration.objects.filter(name="9999_of_the_next_release").delete()
