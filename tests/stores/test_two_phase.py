"""One contract of writing, held by the five databases on a real server: compare-and-set, prepare, finish, ask."""

import os
import select
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from recon.bootstrap import DATABASE_STORES
from recon.engine.facts import StoreName
from recon.sandbox.cluster import Sandbox
from recon.stores import two_phase
from recon.stores.base import Fate, NotWritable, Prepared, RowWrite, Scope, StaleRow, StoreUnreachable, WriteRefused
from recon.stores.cf_prod import CfProd
from recon.stores.connections import Patience
from recon.stores.postgres import PostgresStore
from recon.stores.two_phase import LIMITS_AND_IDENTITY
from tests.support.stores import Connect

GID = "recon.test.0123456789abcdef.store"
DUE = datetime(2026, 3, 1, 15, tzinfo=UTC)
KEY = (("account_id", "acc_1"),)
WRITES: Mapping[StoreName, RowWrite] = {
    StoreName.SUBS_DUNNING: RowWrite(
        "dunning", KEY, (("state", "clear"), ("oldest_due_at", None)), (("state", "grace"), ("oldest_due_at", DUE)), 0
    ),
    StoreName.CF_PROD: RowWrite("entitlements", KEY, (("restricted", False),), (("restricted", True),), 0),
    StoreName.BILLING_PROD: RowWrite("account_flags", KEY, (("has_debt", False),), (("has_debt", True),), 0),
    StoreName.SUBS_ACCOUNT: RowWrite(
        "accounts", KEY, (("primary_subscription_id", None),), (("primary_subscription_id", "sub_1"),), 0
    ),
    StoreName.SUBS_CUSTOMER: RowWrite("customers", KEY, (("delinquent", False),), (("delinquent", True),), 0),
}
FOREIGN: Mapping[StoreName, RowWrite] = {
    StoreName.SUBS_DUNNING: RowWrite("intents", (("intent_id", "i"),), (), (("reason", "x"),), 0),
    StoreName.CF_PROD: RowWrite("blocks", (*KEY, ("reason", "abuse")), (), (("level", "suspend"),), 0),
    StoreName.BILLING_PROD: RowWrite("invoices", (("invoice_id", "inv_1"),), (), (("status", "void"),), 0),
    StoreName.SUBS_ACCOUNT: RowWrite("accounts", KEY, (), (("status", "closed"),), 0),
    StoreName.SUBS_CUSTOMER: RowWrite("customers", KEY, (), (("email", "a@b.test"),), 0),
}


@pytest.fixture(params=DATABASE_STORES, ids=lambda kind: kind.name.value)
def store(request: pytest.FixtureRequest, stores_clean: None, owner: Connect) -> Iterator[PostgresStore]:
    """A database with one row of `acc_1` in the table that `WRITES` changes."""
    kind = request.param
    made = kind(settings.STORES[kind.name])
    status = ", status" if kind.name is StoreName.SUBS_ACCOUNT else ""
    values = "'acc_1', 'open'" if status else "'acc_1'"
    owner(kind.name).execute(f"INSERT INTO {WRITES[kind.name].table} (account_id{status}) VALUES ({values})")
    yield made
    made.close()


NOTIFIES = """
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_notify(''a'', ''b''); RETURN NULL; END';
CREATE TRIGGER tell AFTER UPDATE ON entitlements FOR EACH ROW EXECUTE FUNCTION tell();
"""


@pytest.mark.parametrize("store", [CfProd], ids=["cf_prod"], indirect=True)
def test_a_trigger_that_notifies_is_named_as_what_cannot_be_prepared(store: PostgresStore, owner: Connect) -> None:
    owner(store.name).execute(NOTIFIES)
    try:
        with pytest.raises(NotWritable, match="look for a trigger that notifies"):
            prepare(store, WRITES[store.name])
    finally:
        owner(store.name).execute("DROP FUNCTION tell CASCADE")


def test_a_store_without_a_url_is_asked_nowhere(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client library would take the place from its own variables."""
    some = conninfo_to_dict(settings.STORES["cf_prod"])
    for variable, name in (("PGHOST", "host"), ("PGPORT", "port"), ("PGDATABASE", "dbname"), ("PGUSER", "user")):
        monkeypatch.setenv(variable, str(some[name]))
    monkeypatch.setenv("PGPASSWORD", str(some["password"]))
    assert CfProd("").ping() == "cf_prod: its URL is not set; set CF_PROD_URL"


def test_a_store_in_the_same_database_is_not_asked_about_what_is_another_s(store: PostgresStore) -> None:
    others = [kind for kind in DATABASE_STORES if kind is not type(store)]
    gid = f"recon.test.0123456789abcdef.{store.name.value}"
    branch = store.branch()
    branch.send_writes(gid, [WRITES[store.name]])
    branch.await_writes()
    branch.send_prepare()
    branch.await_prepare()
    listed = {kind.name: kind(store.connections.url).in_doubt("recon.test.") for kind in others}
    assert [one.gid for one in store.in_doubt("recon.test.")] == [gid]
    assert listed == {kind.name: [] for kind in others}


def test_a_branch_that_nobody_goes_on_with_is_ended_by_the_server(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_phase, "LIMITS_AND_IDENTITY", LIMITS_AND_IDENTITY.replace("'20s'", "'200ms'"))
    branch = store.branch()
    branch.send_writes(GID, [WRITES[store.name]])
    branch.await_writes()
    server = select.poll()
    server.register(branch._working()[0].fileno(), select.POLLIN)
    assert server.poll(5_000)
    branch.abandon()


def prepare(store: PostgresStore, write: RowWrite) -> Prepared:
    branch = store.branch()
    try:
        branch.send_writes(GID, [write])
        prepared = branch.await_writes()
        branch.send_prepare()
        branch.await_prepare()
    finally:
        branch.abandon()
    return prepared


def stored(store: PostgresStore, owner: Connect) -> list[tuple]:
    write = WRITES[store.name]
    columns = ", ".join(name for name, _ in write.after)
    return owner(store.name).execute(f"SELECT {columns}, row_version FROM {write.table}").fetchall()


def test_nothing_shows_before_commit_and_all_after(store: PostgresStore, owner: Connect) -> None:
    write = WRITES[store.name]
    before = stored(store, owner)
    prepared = prepare(store, write)
    assert stored(store, owner) == before
    assert [listed.gid for listed in store.in_doubt("recon.test.")] == [GID]
    finish = store.send_commit(prepared.gid, [write])
    assert finish.outcome() is True
    assert stored(store, owner) == [(*(value for _, value in write.after), 1)]
    assert finish.read_back() == [{**dict(write.after), "row_version": 1}]
    assert store.in_doubt("recon.test.") == []


def test_a_rollback_leaves_the_row_as_it_was(store: PostgresStore, owner: Connect) -> None:
    before = stored(store, owner)
    prepare(store, WRITES[store.name])
    assert store.send_rollback(GID).outcome() is True
    assert stored(store, owner) == before


def test_what_is_not_prepared_is_reported_missing(store: PostgresStore) -> None:
    assert store.send_commit(GID).outcome() is False
    assert store.send_rollback(GID).outcome() is False


def test_the_server_says_what_became_of_a_branch(store: PostgresStore) -> None:
    prepared = prepare(store, WRITES[store.name])
    asked = (prepared.xid, prepared.system_identifier)
    assert store.fate(*asked) is Fate.IN_PROGRESS
    store.send_commit(GID).outcome()
    assert store.fate(*asked) is Fate.COMMITTED
    assert store.fate(prepared.xid, "another server") is Fate.UNKNOWN


def test_a_branch_rolled_back_by_somebody_else_is_known_as_aborted(store: PostgresStore) -> None:
    prepared = prepare(store, WRITES[store.name])
    store.send_rollback(GID).outcome()
    assert store.fate(prepared.xid, prepared.system_identifier) is Fate.ABORTED


@pytest.mark.parametrize(
    "spoil",
    [
        lambda write: replace(write, row_version=7),
        lambda write: replace(write, key=(("account_id", "acc_2"),)),
        lambda write: replace(write, before=((write.before[0][0], _another(write.before[0][1])),)),
        lambda write: replace(write, row_version=None),
    ],
    ids=["another version", "no such row", "another old value", "a row that is already there"],
)
def test_a_row_that_is_not_as_it_was_seen_is_stale(
    store: PostgresStore, owner: Connect, spoil: Callable[[RowWrite], RowWrite]
) -> None:
    before = stored(store, owner)
    with pytest.raises((StaleRow, WriteRefused) if _may_not_insert(store) else StaleRow):
        prepare(store, spoil(WRITES[store.name]))
    assert stored(store, owner) == before
    assert store.in_doubt("recon.test.") == []


def _may_not_insert(store: PostgresStore) -> bool:
    """An account without a row there is orphaned: it has no plan, and the role no such privilege."""
    return store.name in (StoreName.SUBS_ACCOUNT, StoreName.SUBS_CUSTOMER)


def _another(value: object) -> object:
    return True if value is False else "another"


def test_a_missing_row_is_inserted(store: PostgresStore, owner: Connect) -> None:
    if _may_not_insert(store):
        pytest.skip("the role may not insert there")
    write = WRITES[store.name]
    owner(store.name).execute(f"DELETE FROM {write.table}")
    prepare(store, replace(write, row_version=None))
    store.send_commit(GID).outcome()
    assert stored(store, owner) == [(*(value for _, value in write.after), 0)]


def test_what_is_not_ours_is_refused_before_it_is_sent(store: PostgresStore) -> None:
    with pytest.raises(WriteRefused, match="not ours to write"):
        prepare(store, FOREIGN[store.name])


def test_the_server_refuses_what_is_not_ours_as_well(store: PostgresStore) -> None:
    write = FOREIGN[store.name]
    column, value = write.after[0]
    with store.connections.using() as connection:
        statement = f"UPDATE {write.table} SET {column} = %s"
        if store.name is StoreName.CF_PROD:
            # Row security hides the blocks of others from every write.
            connection.execute("SELECT 1")
            assert connection.execute(statement, [value]).rowcount == 0
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement, [value])


def test_a_value_that_the_database_refuses_names_no_row(store: PostgresStore) -> None:
    write = WRITES[store.name]
    column = write.after[0][0]
    refused = replace(write, before=(), after=((column, None if column != "primary_subscription_id" else "a\x00b"),))
    with pytest.raises(WriteRefused) as refusal:
        prepare(store, refused)
    assert "acc_1" not in refusal.value.sentence
    assert store.in_doubt("recon.test.") == []


def test_a_locked_row_is_given_up_on(store: PostgresStore, owner: Connect) -> None:
    table = WRITES[store.name].table
    with owner(store.name).transaction():
        owner(store.name).execute(f"SELECT 1 FROM {table} FOR UPDATE")
        with pytest.raises(WriteRefused, match="55P03"):
            prepare(store, WRITES[store.name])


def test_a_server_that_is_gone_is_unreachable() -> None:
    nowhere = DATABASE_STORES[0]("postgres://role:secret@127.0.0.1:1/gone")
    with pytest.raises(StoreUnreachable) as failure:
        prepare(nowhere, WRITES[nowhere.name])
    assert "127.0.0.1:1/gone gives no answer" in failure.value.sentence
    assert "secret" not in failure.value.sentence


def test_a_frozen_server_is_given_up_on(stores_clean: None) -> None:
    kind = DATABASE_STORES[0]
    store = kind(settings.STORES[kind.name], patience=Patience(one_account=0.3))
    assert store.read(Scope.of("acc_1")).ok
    with store.connections.using() as connection:
        backend = connection.info.backend_pid
    os.kill(backend, signal.SIGSTOP)
    try:
        reading = store.read(Scope.of("acc_1"))
    finally:
        os.kill(backend, signal.SIGCONT)
    assert (reading.ok, "gives no answer" in (reading.reason or "")) == (False, True)


def test_after_a_restart_of_the_server_the_next_read_succeeds(store: PostgresStore, sandbox) -> None:
    assert store.read(Scope.of("acc_1")).ok
    with psycopg.connect(sandbox.env()["SANDBOX_ADMIN_URL"], autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [f"recon_engine_{store.name}"]
        )
    assert store.read(Scope.of("acc_1")).ok


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "0044-03-15 BC", "12026-01-01"])
def test_an_absurd_date_fails_one_account_and_no_other(stores_clean: None, owner: Connect, moment: str) -> None:
    for account in ("acc_1", "acc_2"):
        owner("subs_account").execute(
            "INSERT INTO accounts (account_id, status, closed_at) VALUES (%s, 'closed', %s)",
            [account, moment if account == "acc_1" else DUE - timedelta(days=1)],
        )
    kind = next(kind for kind in DATABASE_STORES if kind.name is StoreName.SUBS_ACCOUNT)
    read = kind(settings.STORES[kind.name]).read_many([Scope.of("acc_1"), Scope.of("acc_2")])
    assert "subs_account.accounts[acc_1].closed_at" in (read["acc_1"].reason or "")
    assert read["acc_2"].ok
