"""What happens outside: owners' jobs and customers change facts and break derived rows, in all six stores.

Each change says which events tell of it. A change whose commit was cut off may or may not be there; it is told anyway.
"""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from recon.bootstrap import DATABASE_STORES
from recon.sandbox.twin import state
from recon.stores.changes import recipe
from tests.support.stores import connect_as_owner

NOTED: Final = ("cf_prod", "billing_prod")
"""Stores that note their changes by triggers: an event of theirs that is lost is found without a sweep."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One change of one account. `store` is who has to tell it; of Stripe, `body` is what its event holds.

    `knows_account`: somebody links the customer to an account, sooner or later.
    """

    account: str
    store: str
    event_type: str = "store.changed"
    body: Mapping[str, Any] = field(default_factory=dict)
    knows_account: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A statement of a store's owner, as anybody's job would send it."""

    store: str
    statement: str


ROWS: Final = (
    Row("billing_prod", "insert into invoices (invoice_id, account_id, status, currency, total_minor, issued_at,"
        " due_at) values (%(id)s, %(account)s, 'issued', 'usd', %(amount)s, now() - interval '9 days',"
        " now() - interval '2 days')"),
    Row("billing_prod", "insert into payments (payment_id, account_id, invoice_id, rail, method, status, amount_minor,"
        " currency, created_at, settled_at) select %(id)s, account_id, invoice_id, 'offline', 'wire', 'settled',"
        " total_minor, currency, now() - interval '1 second', now() - interval '1 second' from invoices"
        " where account_id = %(account)s and total_minor > 0 and status = 'issued' order by invoice_id desc limit 1"),
    Row("billing_prod", "update invoices set status = 'void' where invoice_id ="
        " (select max(invoice_id) from invoices where account_id = %(account)s and invoice_id like 'chaos%%')"),
    Row("billing_prod", "update account_flags set has_debt = not has_debt, row_version = row_version + 1"
        " where account_id = %(account)s"),
    Row("cf_prod", "insert into blocks (account_id, reason, level, set_by) values"
        " (%(account)s, 'ops', 'restrict', 'ops') on conflict do nothing"),
    Row("cf_prod", "delete from blocks where account_id = %(account)s and reason = 'ops'"),
    Row("cf_prod", "update entitlements set suspended = not suspended, row_version = row_version + 1"
        " where account_id = %(account)s"),
    Row("subs_dunning", "update dunning set state = case state when 'clear' then 'bad_debt' else 'clear' end,"
        " row_version = row_version + 1 where account_id = %(account)s"),
    Row("subs_dunning", "insert into intents (intent_id, account_id, kind, until, reason, created_by) values"
        " (%(id)s, %(account)s, 'enforcement_off', now() + interval '1 day', 'a call', 'user:kim')"),
    Row("subs_account", "update accounts set payment_status = 'bad_debt', row_version = row_version + 1"
        " where account_id = %(account)s"),
    Row("subs_customer", "update customers set delinquent = not delinquent, row_version = row_version + 1"
        " where account_id = %(account)s"),
)  # fmt: skip
STATUSES: Final = {"invoice": ("open", "paid", "uncollectible"), "subscription": ("active", "past_due", "canceled")}
LINKED = "insert into customers (account_id, stripe_customer_id) values (%s, %s) on conflict do nothing"
OPENED = "insert into accounts (account_id, status) values (%s, 'open') on conflict do nothing"


class Outside:
    """Every owner's connection, made anew after a crash. One thread at a time."""

    def __init__(self, env: Mapping[str, str], chance: random.Random) -> None:
        self._env = env
        self._chance = chance
        self._connections: dict[str, psycopg.Connection[Any]] = {}
        self._numbers = iter(range(1, 10**9))
        self._strangers: list[tuple[str, str]] = []
        self.accounts: list[str] = []
        self._customers: dict[str, str] = {}
        self._objects: list[tuple[str, str]] = []

    def look_around(self) -> None:
        """Whom there is, in an order that a seed repeats."""
        rows = self._at("subs_customer").execute("select account_id, stripe_customer_id from customers order by 1")
        found = rows.fetchall()
        self.accounts = [account for account, _ in found]
        self._customers = {customer: account for account, customer in found if customer}
        objects = self._at("twin").execute(
            "select kind, id from objects where kind = any(%s) and customer = any(%s) order by id",
            [list(STATUSES), list(self._customers)],
        )
        self._objects = objects.fetchall()

    def change(self) -> list[Happened]:
        """Something happens somewhere; a few accounts are busier than all others."""
        roll = self._chance.random()
        try:
            if roll < 0.03:
                return self._stranger_comes()
            if roll < 0.06 and self._strangers:
                return self._stranger_is_linked()
            if roll < 0.07:
                return self._nobody_ever()
            if roll < 0.35:
                return self._in_stripe(*self._chance.choice(self._objects))
            return self._in_database(self._chance.choice(ROWS), self._someone())
        except psycopg.Error:
            self.forget_connections()
            time.sleep(0.2)
            return []

    def link_strangers(self) -> list[Happened]:
        """Whoever was to be linked some time is linked now."""
        told: list[Happened] = []
        while self._strangers:
            told += self._stranger_is_linked()
        return told

    def forget_connections(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _someone(self) -> str:
        busy = self.accounts[: max(1, len(self.accounts) // 20)]
        return self._chance.choice(busy if self._chance.random() < 0.3 else self.accounts)

    def _in_database(self, row: Row, account: str) -> list[Happened]:
        values = {"account": account, "id": f"chaos_{self._number()}", "amount": self._chance.randint(1, 90) * 100}
        told = [Happened(account, row.store)]
        try:
            self._at(row.store).execute(row.statement, values)
        except psycopg.Error:
            self.forget_connections()
        return told

    def _in_stripe(self, kind: str, object_id: str) -> list[Happened]:
        status = self._chance.choice(STATUSES[kind])
        connection = self._at("twin")
        with connection.transaction():
            body = state.find(connection, kind, object_id, lock=True)
            if body is None:
                return []
            changed = {**body, "status": status, **(_sums(body, status) if kind == "invoice" else {})}
            state.store(connection, kind, changed)
        account = self._customers[_customer(changed)]
        return [Happened(account, "stripe", f"{'customer.' * (kind == 'subscription')}{kind}.updated", changed)]

    def _stranger_comes(self) -> list[Happened]:
        number = self._number()
        account, customer = f"new_{number}", f"cus_new{number}"
        self._strangers.append((account, customer))
        return [Happened(account, "stripe", "customer.created", self._create(customer))]

    def _stranger_is_linked(self) -> list[Happened]:
        account, customer = self._strangers[0]
        self._at("subs_customer").execute(LINKED, [account, customer])
        self._at("subs_account").execute(OPENED, [account])
        self._strangers.pop(0)
        return [Happened(account, "subs_customer"), Happened(account, "subs_account")]

    def _nobody_ever(self) -> list[Happened]:
        customer = f"cus_nobody{self._number()}"
        return [Happened("", "stripe", "customer.created", self._create(customer), knows_account=False)]

    def _create(self, customer: str) -> dict[str, Any]:
        created = int(datetime.now(UTC).timestamp())
        body = {"id": customer, "object": "customer", "livemode": False, "created": created, "metadata": {}}
        state.store(self._at("twin"), "customer", body)
        return body

    def _number(self) -> int:
        return next(self._numbers)

    def _at(self, name: str) -> psycopg.Connection[Any]:
        if name not in self._connections:
            url = self._env["STRIPE_TWIN_DATABASE_URL"]
            made = psycopg.connect(url, autocommit=True) if name == "twin" else connect_as_owner(name, self._env)
            self._connections[name] = made
        return self._connections[name]


def _sums(invoice: Mapping[str, Any], status: str) -> dict[str, Any]:
    total = invoice["total"]
    paid = total if status == "paid" else 0
    return {"amount_paid": paid, "amount_remaining": total - paid}


def _customer(body: Mapping[str, Any]) -> str:
    customer = body["customer"]
    return str(customer["id"] if isinstance(customer, dict) else customer)


def note_changes(store: str, env: Mapping[str, str]) -> None:
    """What the store's owner runs once, so that it notes its own changes."""
    kind = next(kind for kind in DATABASE_STORES if kind.name == store)
    role = urlsplit(env[f"{store.upper()}_URL"]).username or ""
    with connect_as_owner(store, env) as owner:
        owner.execute(recipe(kind, role).encode())
        owner.execute("truncate recon_changes")
