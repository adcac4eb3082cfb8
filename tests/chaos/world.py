"""The servers of a campaign and what an outsider can do to them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connections
from psycopg import sql

from recon.apply import journal
from recon.engine.facts import StoreName
from recon.sandbox.cluster import Sandbox
from recon.sandbox.provision import STORES
from recon.sandbox.twin import state
from recon.stores.base import Store
from recon.stores.postgres import PostgresStore
from recon.stores.stripe import Patience, StripeStore
from tests.support import applying
from tests.support.load import load_rows
from tests.support.six import six_stores
from tests.support.stores import connect_as_owner, roll_back_prepared
from tests.support.twin import TwinUnderTest

IMPATIENT = Patience(connect=2.0, answer=2.0, tries=3, first_pause=0.0, longest_pause=0.0, deadline=8.0)
REFUSING = """
CREATE OR REPLACE FUNCTION chaos_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE check_violation USING MESSAGE = 'refused'; END $$;
CREATE OR REPLACE TRIGGER chaos_at_once BEFORE UPDATE ON account_flags FOR EACH ROW
    WHEN (NEW.account_id LIKE 'refused-at-once%') EXECUTE FUNCTION chaos_refuse();
DROP TRIGGER IF EXISTS chaos_at_prepare ON account_flags;
CREATE CONSTRAINT TRIGGER chaos_at_prepare AFTER UPDATE ON account_flags DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.account_id LIKE 'refused-at-prepare%') EXECUTE FUNCTION chaos_refuse();
"""
CONTENT = """
DROP TRIGGER IF EXISTS chaos_at_once ON account_flags;
DROP TRIGGER IF EXISTS chaos_at_prepare ON account_flags;
DROP FUNCTION IF EXISTS chaos_refuse();
"""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Subject:
    """One account of one run: nobody else's ids."""

    account_id: str
    number: int

    @property
    def customer(self) -> str:
        return f"cus_{self.number}"

    @property
    def invoice(self) -> str:
        return f"in_{self.number}"

    @property
    def proposal(self) -> str:
        return f"invoices.void_invoice:{self.invoice}"


class World:
    """Five databases, the twin, and ours; `owners` are outsiders with every right."""

    def __init__(self, sandbox: Sandbox, twin: TwinUnderTest) -> None:
        self.sandbox = sandbox
        self.env = sandbox.env()
        self.twin = twin
        self.stores: Mapping[StoreName, Store] = {
            **six_stores(twin, utc_now),
            StoreName.STRIPE: StripeStore(twin.api(IMPATIENT), clock=utc_now),
        }
        self.owners = {store: connect_as_owner(store, self.env) for store in STORES}
        self._numbers = iter(range(1, 10**9))

    def add_subject(self, kind: str = "acc") -> Subject:
        number = next(self._numbers)
        subject = Subject(f"{kind}-{number}", number)
        case = applying.wrong_everywhere(subject.account_id, number)
        load_rows(case, self.owners.__getitem__)
        self.twin.conn.execute("DELETE FROM objects WHERE kind = 'event'")
        self.twin.load_case(case)
        return subject

    def row_version(self, subject: Subject) -> int:
        found = self.owners["subs_dunning"].execute(
            "SELECT row_version FROM dunning WHERE account_id = %s", [subject.account_id]
        )
        return int(found.fetchone()[0])

    def touch_from_outside(self, store: str, table: str, subject: Subject) -> None:
        """Another writer changes the row between our look and our write. In a process that forked: a new connection."""
        with connect_as_owner(store, self.env) as outsider:
            statement = sql.SQL("UPDATE {} SET row_version = row_version + 1 WHERE account_id = %s")
            outsider.execute(statement.format(sql.Identifier(table)), [subject.account_id])

    def roll_back_from_outside(self, store: StoreName) -> None:
        """Somebody with the rights finishes what is prepared there, by hand."""
        with connect_as_superuser(self.env, store.value) as admin:
            for (gid,) in admin.execute("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"):
                admin.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(gid)))

    def prepared(self) -> list[str]:
        """Every prepared transaction of ours, in all databases."""
        with connect_as_superuser(self.env, "postgres") as admin:
            prefix = journal.gid_prefix(applying.INSTANCE)
            listed = admin.execute("SELECT gid FROM pg_prepared_xacts WHERE starts_with(gid, %s)", [prefix])
            return [gid for (gid,) in listed]

    def in_stripe(self, kind: str, object_id: str) -> dict[str, Any]:
        return self.twin.object(kind, object_id)

    def times_voided(self) -> int:
        return self.twin.event_types().count("invoice.voided")

    def trouble_stripe(self, kind: str, path: str, times: int) -> None:
        """The next changes below this path meet it; what Stripe is asked to read is answered."""
        self.twin.fault(kind, path, method="POST", times=times)

    def take_stripe_down(self) -> None:
        self.twin.fault("reset_before", "/v1/", times=10_000)

    def change_in_stripe(self, kind: str, object_id: str, **changes: Any) -> None:
        with psycopg.connect(self.env["STRIPE_TWIN_DATABASE_URL"]) as conn:
            state.store(conn, kind, {**(state.find(conn, kind, object_id) or {}), **changes})

    def replace_in_stripe(self, kind: str, body: dict[str, Any]) -> None:
        with psycopg.connect(self.env["STRIPE_TWIN_DATABASE_URL"]) as conn:
            state.store(conn, kind, body)

    def calm(self) -> None:
        """Whatever troubled Stripe is over."""
        self.twin.calm()

    def kill_servers(self) -> None:
        """As a power cut would: every connection of everybody is gone."""
        self.sandbox.postgres.kill()

    def start_servers(self) -> None:
        """The twin too: its Stripe would have survived, its connections have not."""
        self.sandbox.twin.stop()
        self.sandbox.ensure_started(twin=True)
        connections["default"].close()
        self.owners = {store: connect_as_owner(store, self.env) for store in STORES}
        self.twin = replace(self.twin, conn=psycopg.connect(self.env["STRIPE_TWIN_DATABASE_URL"]))

    def close(self) -> None:
        for owner in self.owners.values():
            owner.close()
        for store in self.stores.values():
            if isinstance(store, PostgresStore):
                store.close()

    @contextmanager
    def constraints_that_refuse(self) -> Iterator[None]:
        self.owners["billing_prod"].execute(REFUSING)
        try:
            yield
        finally:
            roll_back_prepared(self.env)  # one that a planted bug has left would keep the table locked
            self.owners["billing_prod"].execute(CONTENT)


def connect_as_superuser(env: Mapping[str, str], database: str) -> psycopg.Connection[Any]:
    url = env["SANDBOX_ADMIN_URL"].rsplit("/", 1)[0]
    return psycopg.connect(f"{url}/{database}", autocommit=True)
