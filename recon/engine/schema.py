"""The reference schema of the five databases, as data: what each table's columns hold and who owns them.

FACT columns are another system's, INTENT columns a person's decision; the engine reads both. DERIVED columns have the
engine as their one writer; their `default` is what a missing row means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from recon.engine import facts
from recon.engine.enums import (
    AccountStatus,
    AdjustmentKind,
    BlockLevel,
    BlockReason,
    IntentKind,
    LedgerInvoiceStatus,
    LedgerPaymentStatus,
    PaymentMethod,
    Rail,
    Segment,
    StoreName,
)


class Kind(Enum):
    FACT = "fact"
    INTENT = "intent"
    DERIVED = "derived"


class ColumnType(Enum):
    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TIME = "time"
    CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `minimum` and `maximum` bound an integer, `values` closes a text, `required` refuses null."""

    name: str
    holds: ColumnType
    kind: Kind = Kind.FACT
    required: bool = False
    default: facts.Stored = None
    minimum: int | None = None
    maximum: int | None = None
    values: type[StrEnum] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    store: StoreName
    name: str
    row_type: type[Any]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    unique: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """`store.table`, as messages and evidence name it."""
        return f"{self.store}.{self.name}"


def _id(name: str) -> Column:
    return Column(name, ColumnType.TEXT, required=True)


def _text(name: str) -> Column:
    return Column(name, ColumnType.TEXT)


def _one_of(name: str, values: type[StrEnum], kind: Kind = Kind.FACT) -> Column:
    return Column(name, ColumnType.TEXT, kind, required=True, values=values)


def _time(name: str, *, required: bool = False) -> Column:
    return Column(name, ColumnType.TIME, required=required)


def _amount(name: str, minimum: int) -> Column:
    return Column(name, ColumnType.INTEGER, required=True, minimum=minimum)


def _currency() -> Column:
    return Column("currency", ColumnType.CURRENCY, required=True)


def _intent(name: str, holds: ColumnType) -> Column:
    return Column(name, holds, Kind.INTENT)


def _derived(name: str, holds: ColumnType, default: facts.Stored) -> Column:
    return Column(name, holds, Kind.DERIVED, default=default)


def _flag(name: str, *, default: bool = False) -> Column:
    return _derived(name, ColumnType.BOOLEAN, default)


_ROW_VERSION = Column("row_version", ColumnType.INTEGER, default=0)

_SUBS_ACCOUNT = (
    Table(
        StoreName.SUBS_ACCOUNT,
        "accounts",
        facts.Account,
        ("account_id",),
        (
            _id("account_id"),
            _one_of("status", AccountStatus),
            _time("closed_at"),
            _derived("plan_code", ColumnType.TEXT, "free"),
            _derived("primary_subscription_id", ColumnType.TEXT, None),
            _derived("payment_status", ColumnType.TEXT, "none"),
            _ROW_VERSION,
        ),
    ),
)

_SUBS_CUSTOMER = (
    Table(
        StoreName.SUBS_CUSTOMER,
        "customers",
        facts.Customer,
        ("account_id",),
        (
            _id("account_id"),
            _text("stripe_customer_id"),
            _text("email"),
            _text("name"),
            _text("merged_into"),
            _flag("has_payment_method"),
            _flag("delinquent"),
            _flag("has_no_successful_payment", default=True),
            _ROW_VERSION,
        ),
    ),
    Table(
        StoreName.SUBS_CUSTOMER,
        "customer_aliases",
        facts.CustomerAlias,
        ("stripe_customer_id",),
        (_id("stripe_customer_id"), _id("account_id")),
    ),
)

_SUBS_DUNNING = (
    Table(
        StoreName.SUBS_DUNNING,
        "dunning",
        facts.Dunning,
        ("account_id",),
        (
            _id("account_id"),
            _derived("state", ColumnType.TEXT, "clear"),
            _derived("raw_state", ColumnType.TEXT, "clear"),
            _flag("has_debt"),
            _flag("is_bad_debt"),
            _derived("oldest_due_at", ColumnType.TIME, None),
            _ROW_VERSION,
        ),
    ),
    Table(
        StoreName.SUBS_DUNNING,
        "balances",
        facts.Balance,
        ("account_id", "currency"),
        (
            _id("account_id"),
            _currency(),
            _derived("collectible_minor", ColumnType.INTEGER, 0),
            _derived("written_off_minor", ColumnType.INTEGER, 0),
            _ROW_VERSION,
        ),
    ),
    Table(
        StoreName.SUBS_DUNNING,
        "intents",
        facts.Intent,
        ("intent_id",),
        (
            _id("intent_id"),
            _id("account_id"),
            _one_of("kind", IntentKind, Kind.INTENT),
            _intent("plan_code", ColumnType.TEXT),
            _intent("until", ColumnType.TIME),
            _intent("reason", ColumnType.TEXT),
            _intent("created_by", ColumnType.TEXT),
        ),
    ),
)

_BILLING_PROD = (
    Table(
        StoreName.BILLING_PROD,
        "invoices",
        facts.LedgerInvoice,
        ("invoice_id",),
        (
            _id("invoice_id"),
            _id("account_id"),
            _text("stripe_invoice_id"),
            _one_of("status", LedgerInvoiceStatus),
            _currency(),
            _amount("total_minor", 0),
            _time("issued_at"),
            _time("due_at"),
            _time("period_start"),
            _time("period_end"),
        ),
        unique=("stripe_invoice_id",),
    ),
    Table(
        StoreName.BILLING_PROD,
        "payments",
        facts.LedgerPayment,
        ("payment_id",),
        (
            _id("payment_id"),
            _id("account_id"),
            _text("invoice_id"),
            _one_of("rail", Rail),
            _one_of("method", PaymentMethod),
            _text("processor_ref"),
            _one_of("status", LedgerPaymentStatus),
            _amount("amount_minor", 1),
            _currency(),
            _time("created_at", required=True),
            _time("settled_at"),
        ),
        unique=("processor_ref",),
    ),
    Table(
        StoreName.BILLING_PROD,
        "adjustments",
        facts.Adjustment,
        ("adjustment_id",),
        (
            _id("adjustment_id"),
            _id("invoice_id"),
            _text("payment_id"),
            _one_of("kind", AdjustmentKind),
            _amount("amount_minor", 1),
            _currency(),
            _time("effective_at", required=True),
            _text("approved_by"),
        ),
    ),
    Table(
        StoreName.BILLING_PROD,
        "contracts",
        facts.Contract,
        ("account_id",),
        (
            _id("account_id"),
            _one_of("segment", Segment, Kind.INTENT),
            _intent("plan_code", ColumnType.TEXT),
            Column("net_days", ColumnType.INTEGER, Kind.INTENT, minimum=0, maximum=36_500),
            _intent("starts_at", ColumnType.TIME),
            _intent("ends_at", ColumnType.TIME),
        ),
    ),
    Table(
        StoreName.BILLING_PROD,
        "account_flags",
        facts.AccountFlags,
        ("account_id",),
        (_id("account_id"), _flag("has_debt"), _flag("in_bad_debt"), _ROW_VERSION),
    ),
)

_CF_PROD = (
    Table(
        StoreName.CF_PROD,
        "entitlements",
        facts.Entitlement,
        ("account_id",),
        (
            _id("account_id"),
            _flag("plan_active"),
            _derived("effective_plan", ColumnType.TEXT, "free"),
            _flag("restricted"),
            _flag("suspended"),
            _ROW_VERSION,
        ),
    ),
    Table(
        StoreName.CF_PROD,
        "blocks",
        facts.Block,
        ("account_id", "reason"),
        (
            _id("account_id"),
            _one_of("reason", BlockReason),
            _one_of("level", BlockLevel),
            _time("since"),
            _text("set_by"),
            _ROW_VERSION,
        ),
    ),
)

TABLES: Mapping[StoreName, Mapping[str, Table]] = {
    store: {table.name: table for table in tables}
    for store, tables in (
        (StoreName.SUBS_DUNNING, _SUBS_DUNNING),
        (StoreName.CF_PROD, _CF_PROD),
        (StoreName.BILLING_PROD, _BILLING_PROD),
        (StoreName.SUBS_ACCOUNT, _SUBS_ACCOUNT),
        (StoreName.SUBS_CUSTOMER, _SUBS_CUSTOMER),
    )
}
"""Store → table → its description, for the five databases."""

STRIPE_LISTS = ("customers", "subscriptions", "invoices", "payment_intents", "charges", "disputes")
"""Stripe's lists that a reading must hold; an absent one is a failed read."""

STRIPE_OPTIONAL_LISTS = ("invoice_payments", "credit_notes")
"""Stripe's lists that a reading may leave out."""
