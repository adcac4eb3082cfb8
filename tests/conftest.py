"""Every test run has its own servers: the first free slot under var/test, so that runs side by side do not meet.

They are started here, before Django reads its settings, because the settings name their ports.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import django
import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

from recon.sandbox.cluster import Sandbox
from tests.support.stores import Connect, connect_as_owner, empty_stores

VAR = Path(__file__).resolve().parent.parent / "var" / "test"
MOST_RUNS = 32
FORGET_AUDIT = """
set local lock_timeout = '10s';
alter table audit disable trigger user;
delete from audit;
alter table audit enable trigger user;
update audit_head set seq = 0, hash = sha256('v1'::bytea)
"""
pytest_plugins = ["tests.support.twin"]

if settings.configured:
    pytest.exit("Unset DJANGO_SETTINGS_MODULE: the tests name their own servers before the settings are read.", 4)


def _take_slot() -> tuple[Path, IO[str]]:
    """A directory that no other run uses; the lock ends with this process, however it ends."""
    VAR.mkdir(parents=True, exist_ok=True)
    for number in range(MOST_RUNS):
        handle = (VAR / f"{number}.lock").open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
        else:
            return VAR / str(number), handle
    pytest.exit(f"{MOST_RUNS} test runs are under way in {VAR}: wait for one of them.", 4)


_slot, _slot_lock = _take_slot()
_sandbox = Sandbox(_slot, durable=False)
_claim = _sandbox.hold()
_sandbox.ensure_started(twin=False)
_sandbox.mark_seeded(0)
os.environ.update(_sandbox.env())
os.environ["DJANGO_SETTINGS_MODULE"] = "recon.settings"
os.environ.setdefault("SUSPECT_SECONDS", "0")  # nobody else writes to the stores meanwhile
django.setup()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Before the workers of `-n` start: each is a run of its own, with its own slot, and must not inherit ours."""
    for name in (*_sandbox.env(), "DJANGO_SETTINGS_MODULE"):
        os.environ.pop(name, None)


def pytest_unconfigure() -> None:
    _sandbox.stop()
    _claim.close()
    _slot_lock.close()


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """The running servers; `sandbox.env()` is what a child process needs to use them too."""
    return _sandbox


@pytest.fixture(scope="session")
def django_db_setup(sandbox: Sandbox, django_db_blocker: DjangoDbBlocker) -> None:
    """Our database itself, emptied and migrated once, so that child processes see what the test sees."""
    sandbox.recreate_ours()
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0, run_syncdb=True)


@pytest.fixture
def owner(sandbox: Sandbox) -> Iterator[Connect]:
    """`owner("cf_prod")` is an autocommit connection as the store's owner, the same one throughout a test."""
    with ExitStack() as stack:
        opened: dict[str, psycopg.Connection] = {}

        def connect(store: str) -> psycopg.Connection:
            if store not in opened:
                opened[store] = stack.enter_context(connect_as_owner(store, sandbox.env()))
            return opened[store]

        yield connect


@pytest.fixture
def stores_clean(sandbox: Sandbox) -> None:
    """The five stores without a row and without a prepared transaction."""
    empty_stores(sandbox.env())


@pytest.fixture
def load_case(stores_clean: None, owner: Connect) -> Callable[[dict], None]:
    """Puts a case (the JSON of the contract) into the emptied stores."""
    from tests.support.load import load_rows

    return lambda case: load_rows(case, owner)


@pytest.fixture(autouse=True)
def forget_audit(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The flush after a test whose transactions were real spares the audit, which refuses it: its chain begins anew.
    Checkpoints of the former one would say that the database was restored."""
    yield
    (_slot / "audit-checkpoints").unlink(missing_ok=True)
    if _has_real_transactions(request):
        from django.db import connection, transaction

        with django_db_blocker.unblock(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FORGET_AUDIT)


def _has_real_transactions(request: pytest.FixtureRequest) -> bool:
    mark = request.node.get_closest_marker("django_db")
    return not {"transactional_db", "live_server"}.isdisjoint(request.fixturenames) or (
        mark is not None and bool(mark.kwargs.get("transaction"))
    )
