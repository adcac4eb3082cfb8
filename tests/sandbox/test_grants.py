"""The engine's role may write DERIVED columns and nothing else: the database holds it, whatever our code does."""

import psycopg
import pytest
from psycopg import errors, sql

from recon.sandbox.cluster import Sandbox
from recon.sandbox.provision import STORES
from tests.support.load import insert_rows
from tests.support.stores import Connect, tables_of

BOOKKEEPING = {"row_version", "updated_at"}
DERIVED = {
    ("subs_account", "accounts"): {"plan_code", "primary_subscription_id", "payment_status"},
    ("subs_customer", "customers"): {"has_payment_method", "delinquent", "has_no_successful_payment"},
    ("subs_dunning", "dunning"): {"state", "raw_state", "has_debt", "is_bad_debt", "oldest_due_at"},
    ("subs_dunning", "balances"): {"collectible_minor", "written_off_minor"},
    ("billing_prod", "account_flags"): {"has_debt", "in_bad_debt"},
    ("cf_prod", "entitlements"): {"plan_active", "effective_plan", "restricted", "suspended"},
    ("cf_prod", "blocks"): {"level", "since", "set_by"},
}
WHOLLY_DERIVED = {
    ("subs_dunning", "dunning"), ("subs_dunning", "balances"), ("billing_prod", "account_flags"),
    ("cf_prod", "entitlements"), ("cf_prod", "blocks"),
}  # fmt: skip


def engine(sandbox: Sandbox, store: str) -> psycopg.Connection:
    return psycopg.connect(sandbox.env()[f"{store.upper()}_URL"], autocommit=True)


@pytest.mark.parametrize("store", STORES)
def test_the_engine_may_update_exactly_the_derived_columns(sandbox: Sandbox, store: str) -> None:
    with engine(sandbox, store) as conn:
        for table in tables_of(conn):
            wanted = DERIVED.get((store, table))
            assert _updatable(conn, table) == (wanted | BOOKKEEPING if wanted else set()), table


@pytest.mark.parametrize("store", STORES)
def test_the_engine_may_insert_only_rows_that_are_derived_as_a_whole(sandbox: Sandbox, store: str) -> None:
    with engine(sandbox, store) as conn:
        for table in tables_of(conn):
            assert _may(conn, table, "INSERT") == ((store, table) in WHOLLY_DERIVED), table


@pytest.mark.parametrize("store", STORES)
def test_the_engine_may_delete_from_blocks_alone_and_truncate_nothing(sandbox: Sandbox, store: str) -> None:
    with engine(sandbox, store) as conn:
        for table in tables_of(conn):
            assert _may(conn, table, "DELETE") == (table == "blocks"), table
            assert not _may(conn, table, "TRUNCATE"), table


@pytest.mark.parametrize("store", STORES)
def test_the_engine_may_read_every_table(sandbox: Sandbox, store: str) -> None:
    with engine(sandbox, store) as conn:
        assert all(_may(conn, table, "SELECT") for table in tables_of(conn))


@pytest.mark.parametrize("store", STORES)
def test_the_engine_reaches_no_other_store(sandbox: Sandbox, store: str) -> None:
    other = STORES[STORES.index(store) - 1]
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(sandbox.env()[f"{store.upper()}_URL"], dbname=other)


def test_a_fact_column_refuses_the_engines_update(sandbox: Sandbox) -> None:
    with engine(sandbox, "billing_prod") as conn, pytest.raises(errors.InsufficientPrivilege):
        conn.execute("UPDATE invoices SET total_minor = 0")


def test_a_block_of_another_owner_is_seen_but_not_touched(stores_clean: None, sandbox: Sandbox, owner: Connect) -> None:
    insert_rows(owner("cf_prod"), "blocks", [{"account_id": "acc_1", "reason": "abuse", "level": "suspend"}])
    with engine(sandbox, "cf_prod") as conn:
        assert conn.execute("SELECT reason FROM blocks").fetchall() == [("abuse",)]
        assert conn.execute("UPDATE blocks SET level = 'restrict'").rowcount == 0
        assert conn.execute("DELETE FROM blocks").rowcount == 0
        with pytest.raises(errors.InsufficientPrivilege):
            conn.execute("INSERT INTO blocks (account_id, reason, level) VALUES ('acc_2', 'legal', 'suspend')")


def test_the_engine_sets_changes_and_lifts_its_own_block(stores_clean: None, sandbox: Sandbox) -> None:
    with engine(sandbox, "cf_prod") as conn:
        conn.execute("INSERT INTO blocks (account_id, reason, level) VALUES ('acc_1', 'billing_debt', 'restrict')")
        assert conn.execute("UPDATE blocks SET level = 'suspend', row_version = row_version + 1").rowcount == 1
        assert conn.execute("DELETE FROM blocks WHERE reason = 'billing_debt'").rowcount == 1


@pytest.mark.parametrize("store", STORES)
def test_the_engine_prepares_finishes_and_asks_what_became_of_it(sandbox: Sandbox, store: str) -> None:
    with engine(sandbox, store) as conn:
        conn.execute("BEGIN")
        xid = conn.execute("SELECT pg_current_xact_id()::text").fetchone()[0]
        conn.execute(sql.SQL("PREPARE TRANSACTION {}").format(sql.Literal(f"recon.test.1.{store}")))
        listed = conn.execute("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()").fetchall()
        conn.execute(sql.SQL("COMMIT PREPARED {}").format(sql.Literal(f"recon.test.1.{store}")))
        assert listed == [(f"recon.test.1.{store}",)]
        assert conn.execute("SELECT pg_xact_status(%s::xid8)", [xid]).fetchone() == ("committed",)
        assert conn.execute("SELECT system_identifier > 0 FROM pg_control_system()").fetchone() == (True,)


def _updatable(conn: psycopg.Connection, table: str) -> set[str]:
    columns = conn.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND has_column_privilege(attrelid, attnum, 'UPDATE')",
        [table],
    )
    return {name for (name,) in columns}


def _may(conn: psycopg.Connection, table: str, privilege: str) -> bool:
    found = conn.execute("SELECT has_table_privilege(%s::regclass, %s)", [table, privilege]).fetchone()
    return bool(found and found[0])
