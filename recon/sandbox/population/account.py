"""One made-up account under construction: who it is, its Stripe customers and its subscriptions.

A story calls these verbs in the order in which things happened; `billing.py` adds invoices and money, `stored.py` what
the jobs of the past wrote into the DERIVED columns.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from recon.engine.facts import StoreName
from recon.sandbox.population.catalogue import MONTHLY, Price, price_object
from recon.sandbox.population.rows import Row, Tables, row_of
from recon.sandbox.twin import objects
from recon.sandbox.twin.shapes import Json


@dataclass(slots=True)
class Account:
    """An account, its number in the population, and the rows that the stores hold about it so far.

    `today` is midnight UTC of the seeding day; everything is dated in days before it. `older` makes this account's
    Stripe objects come in the JSON shape from before API version 2025-03-31.
    """

    number: int
    today: datetime
    rng: Random
    tables: Tables
    older: bool = False
    customer_id: str = ""
    currency: str = "usd"
    _sequence: int = field(default=0)

    @property
    def account_id(self) -> str:
        """The account's opaque id."""
        return f"acc_{self.number:06d}"

    def new_id(self, prefix: str) -> str:
        """The next id of a kind, such as in_0000420007: unique over the population, the same for the same seed."""
        self._sequence += 1
        return f"{prefix}_{self.number:06d}{self._sequence:04d}"

    def days_ago(self, days: float, hour: int = 10) -> datetime:
        """That many days before today, at this full hour UTC."""
        return self.today - timedelta(days=days) + timedelta(hours=hour)

    def rows(self, store: StoreName, table: str) -> list[Row]:
        """The rows of one table, to add to."""
        return self.tables[store][table]

    def row(self, store: StoreName, table: str) -> Row:
        """This account's own row of a table that has one row an account."""
        return row_of(self.rows(store, table), {"account_id": self.account_id}, self.today)

    def open(
        self, *, since: int = 400, linked: bool = True, customer_row: bool = True, account_row: bool = True
    ) -> None:
        """The account's rows, DERIVED columns at their defaults, and its first Stripe customer where `linked`."""
        base: Row = {
            "account_id": self.account_id,
            "row_version": self.rng.randint(1, 40),
            "updated_at": self.days_ago(1, 3),
        }
        if account_row:
            self.rows(StoreName.SUBS_ACCOUNT, "accounts").append(base | ACCOUNT_DEFAULTS)
        self.rows(StoreName.SUBS_DUNNING, "dunning").append(base | DUNNING_DEFAULTS)
        self.rows(StoreName.BILLING_PROD, "account_flags").append(base | FLAG_DEFAULTS)
        self.rows(StoreName.CF_PROD, "entitlements").append(base | ENTITLEMENT_DEFAULTS)
        if linked:
            self.customer_id = self.add_customer(since=since)
        if customer_row:
            who: Row = {
                "stripe_customer_id": self.customer_id or None,
                "name": self.name,
                "email": self.email,
                "merged_into": None,
            }
            self.rows(StoreName.SUBS_CUSTOMER, "customers").append(base | who | CUSTOMER_DEFAULTS)

    @property
    def name(self) -> str:
        """An obviously made-up name."""
        return f"Example Person {self.number:05d}"

    @property
    def email(self) -> str:
        """An address at a domain that is reserved for examples."""
        return f"person{self.number:05d}@example.com"

    def add_customer(self, *, since: int = 400, currency: str | None = None, **more: Any) -> str:
        """A Stripe customer that names this account and has a card on file; returns its id."""
        customer_id = self.new_id("cus")
        customer = objects.customer(
            customer_id,
            created=epoch(self.days_ago(since, 9)),
            email=self.email,
            name=self.name,
            metadata={"account_id": self.account_id},
            default_payment_method=f"pm_{customer_id.removeprefix('cus_')}",
            currency=currency or self.currency,
            **more,
        )
        self.rows(StoreName.STRIPE, "customers").append(customer)
        return customer_id

    def add_alias(self, *, since: int = 300, currency: str | None = None) -> str:
        """A second Stripe customer, linked as an alias; returns its id."""
        customer_id = self.add_customer(since=since, currency=currency)
        self.link_alias(customer_id)
        return customer_id

    def link_alias(self, customer_id: str) -> None:
        """Record that this Stripe customer is one of the account's."""
        alias = {"stripe_customer_id": customer_id, "account_id": self.account_id}
        self.rows(StoreName.SUBS_CUSTOMER, "customer_aliases").append(alias)

    def stripe_customer(self, customer_id: str | None = None) -> Json:
        """The Stripe object of one of the account's customers."""
        wanted = customer_id or self.customer_id
        return next(row for row in self.rows(StoreName.STRIPE, "customers") if row["id"] == wanted)

    def subscribe(
        self,
        plan: str,
        *,
        since: int = 90,
        status: str = "active",
        months: int = MONTHLY,
        period_from: int | None = None,
        customer_id: str | None = None,
        currency: str | None = None,
        mapped: bool = True,
        **more: Any,
    ) -> Json:
        """A subscription created `since` days ago, whose current period began `period_from` days ago."""
        price = Price(plan, currency or self.currency, months, mapped)
        start = since if period_from is None else period_from
        subscription = objects.subscription(
            self.new_id("sub"),
            customer_id=customer_id or self.customer_id,
            prices=[price_object(price)],
            created=epoch(self.days_ago(since, 9)),
            status=status,
            currency=price.currency,
            period_start=epoch(self.days_ago(start, 9)),
            period_end=epoch(self.days_ago(start - 30 * months, 9)),
            **more,
        )
        self.rows(StoreName.STRIPE, "subscriptions").append(self.shaped_subscription(subscription))
        return subscription

    def shaped_subscription(self, subscription: Json) -> Json:
        """The subscription in this account's JSON shape: the older one has its period on the subscription itself."""
        if self.older:
            for item in subscription["items"]["data"]:
                bounds = {name: item.pop(name) for name in ("current_period_start", "current_period_end")}
                subscription.update(bounds)
        return subscription

    def intend(self, kind: str, reason: str, *, until: datetime | None = None, plan: str | None = None) -> None:
        """A decision by a colleague: enforcement_off, promise_to_pay, approve_escalation or comp_plan."""
        intent = {
            "intent_id": self.new_id("int"),
            "account_id": self.account_id,
            "kind": kind,
            "plan_code": plan,
            "until": until,
            "reason": reason,
            "created_by": "finance.desk@example.com",
        }
        self.rows(StoreName.SUBS_DUNNING, "intents").append(intent)

    def contract(
        self, segment: str, plan: str | None, *, net_days: int | None = None, starts: int = 380, ends: int | None = None
    ) -> None:
        """A contract that began `starts` days ago and ended `ends` days ago (negative: in the future; None: open)."""
        contract = {
            "account_id": self.account_id,
            "segment": segment,
            "plan_code": plan,
            "net_days": net_days,
            "starts_at": self.days_ago(starts, 0),
            "ends_at": None if ends is None else self.days_ago(ends, 0),
        }
        self.rows(StoreName.BILLING_PROD, "contracts").append(contract)

    def block(self, reason: str, level: str, *, since: int, set_by: str) -> None:
        """A block of access that some team or job set."""
        key = {"account_id": self.account_id, "reason": reason}
        row = row_of(self.rows(StoreName.CF_PROD, "blocks"), key, self.days_ago(since))
        row.update(level=level, since=self.days_ago(since), set_by=set_by)

    def close(self, days: int) -> None:
        """The account was closed that many days ago."""
        self.row(StoreName.SUBS_ACCOUNT, "accounts").update(status="closed", closed_at=self.days_ago(days))


def epoch(moment: datetime) -> int:
    """The moment as Stripe writes it: whole seconds since 1970."""
    return int(moment.timestamp())


ACCOUNT_DEFAULTS: Row = {
    "status": "open",
    "closed_at": None,
    "plan_code": "free",
    "primary_subscription_id": None,
    "payment_status": "none",
}
CUSTOMER_DEFAULTS: Row = {
    "has_payment_method": False,
    "delinquent": False,
    "has_no_successful_payment": True,
}
DUNNING_DEFAULTS: Row = {
    "state": "clear",
    "raw_state": "clear",
    "has_debt": False,
    "is_bad_debt": False,
    "oldest_due_at": None,
}
FLAG_DEFAULTS: Row = {"has_debt": False, "in_bad_debt": False}
ENTITLEMENT_DEFAULTS: Row = {
    "plan_active": False,
    "effective_plan": "free",
    "restricted": False,
    "suspended": False,
}
