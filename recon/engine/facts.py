"""What the six stores say about one account: frozen rows, named and typed as the reference schema names them.

A row class lists its columns in the order of `schema`. FACT and INTENT values are parsed into their closed sets;
DERIVED values stay as they were stored, since a value nobody knows is drift, not an error. Amounts are integer minor
units of the row's currency; times are aware and in UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recon.engine.enums import (
    AccountStatus,
    AdjustmentKind,
    BlockLevel,
    BlockReason,
    ChargeStatus,
    DisputeStatus,
    IntentKind,
    InvoicePaymentStatus,
    LedgerInvoiceStatus,
    LedgerPaymentStatus,
    PauseBehavior,
    PaymentIntentStatus,
    PaymentMethod,
    Rail,
    Segment,
    StoreName,
    StripeInvoiceStatus,
    SubscriptionStatus,
)

Stored = str | int | bool | datetime | None
"""A value of a cell, stored or true."""
Row = Mapping[str, Any]
"""One row as a store gave it: column → text, integer, boolean, aware datetime or None; Stripe's are its own JSON."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What ONE store said about one account, its merged accounts and those that share its Stripe customers.

    `as_of` is when it was true (None: now). A failed read has `ok` False, a `reason` that says what, where and what to
    do, and no tables. A table that is missing counts as a failed read too: absence of an answer is never evidence.
    `fingerprint` is of the rows, where whoever read them took one: 64 bits that other rows would not have.
    """

    store: StoreName
    as_of: datetime | None
    tables: Mapping[str, Sequence[Row]]
    ok: bool = True
    reason: str | None = None
    fingerprint: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Read:
    """How one store's reading went, without its rows."""

    store: StoreName
    ok: bool
    reason: str | None
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Problem:
    """A FACT or INTENT value outside its closed set, or an object of the wrong mode: T0 answers `unknown`."""

    store: StoreName
    place: str
    reason: str
    account_id: str | None


# subs_account


@dataclass(frozen=True, slots=True)
class Account:
    account_id: str
    status: AccountStatus
    closed_at: datetime | None
    plan_code: str | None
    primary_subscription_id: str | None
    payment_status: str | None
    row_version: int


# subs_customer


@dataclass(frozen=True, slots=True)
class Customer:
    account_id: str
    stripe_customer_id: str | None
    email: str | None
    name: str | None
    merged_into: str | None
    has_payment_method: bool | None
    delinquent: bool | None
    has_no_successful_payment: bool | None
    row_version: int


@dataclass(frozen=True, slots=True)
class CustomerAlias:
    stripe_customer_id: str
    account_id: str


# subs_dunning


@dataclass(frozen=True, slots=True)
class Dunning:
    account_id: str
    state: str | None
    raw_state: str | None
    has_debt: bool | None
    is_bad_debt: bool | None
    oldest_due_at: datetime | None
    row_version: int


@dataclass(frozen=True, slots=True)
class Balance:
    account_id: str
    currency: str
    collectible_minor: int | None
    written_off_minor: int | None
    row_version: int


@dataclass(frozen=True, slots=True)
class Intent:
    intent_id: str
    account_id: str
    kind: IntentKind
    plan_code: str | None
    until: datetime | None
    reason: str | None
    created_by: str | None


# billing_prod


@dataclass(frozen=True, slots=True)
class LedgerInvoice:
    invoice_id: str
    account_id: str
    stripe_invoice_id: str | None
    status: LedgerInvoiceStatus
    currency: str
    total_minor: int
    issued_at: datetime | None
    due_at: datetime | None
    period_start: datetime | None
    period_end: datetime | None


@dataclass(frozen=True, slots=True)
class LedgerPayment:
    payment_id: str
    account_id: str
    invoice_id: str | None
    rail: Rail
    method: PaymentMethod
    processor_ref: str | None
    status: LedgerPaymentStatus
    amount_minor: int
    currency: str
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Adjustment:
    adjustment_id: str
    invoice_id: str
    payment_id: str | None
    kind: AdjustmentKind
    amount_minor: int
    currency: str
    effective_at: datetime
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class Contract:
    account_id: str
    segment: Segment
    plan_code: str | None
    net_days: int | None
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountFlags:
    account_id: str
    has_debt: bool | None
    in_bad_debt: bool | None
    row_version: int


# cf_prod


@dataclass(frozen=True, slots=True)
class Entitlement:
    account_id: str
    plan_active: bool | None
    effective_plan: str | None
    restricted: bool | None
    suspended: bool | None
    row_version: int


@dataclass(frozen=True, slots=True)
class Block:
    account_id: str
    reason: BlockReason
    level: BlockLevel
    since: datetime | None
    set_by: str | None
    row_version: int


@dataclass(frozen=True, slots=True)
class BillingBlock:
    """The one DERIVED row of `blocks`: its level is kept as it was stored."""

    level: str | None
    row_version: int


# Stripe: of each object, what the rules read


@dataclass(frozen=True, slots=True)
class StripeCustomer:
    id: str
    deleted: bool
    account_id: str | None
    debt_state: str | None
    has_payment_method: bool


@dataclass(frozen=True, slots=True)
class Price:
    id: str
    currency: str | None
    plan_code: str | None
    lookup_key: str | None


@dataclass(frozen=True, slots=True)
class Subscription:
    id: str
    customer: str | None
    status: SubscriptionStatus
    created: datetime
    currency: str | None
    prices: tuple[Price, ...]
    pause_behavior: PauseBehavior | None
    has_payment_method: bool


@dataclass(frozen=True, slots=True)
class InvoicePayment:
    """One attempt to pay a Stripe invoice; `processor_ref` is its payment intent or charge, None for money from outside
    Stripe."""

    id: str
    invoice: str | None
    status: InvoicePaymentStatus
    amount_paid: int
    amount_requested: int
    currency: str
    processor_ref: str | None


@dataclass(frozen=True, slots=True)
class StripeInvoice:
    id: str
    customer: str | None
    subscription: str | None
    status: StripeInvoiceStatus
    currency: str
    amount_remaining: int
    amount_paid: int
    amount_due: int
    paid_out_of_band: bool
    amount_paid_off_stripe: int
    forgiven: bool
    billing_reason: str | None
    created: datetime | None
    due_date: datetime | None
    finalized_at: datetime | None
    processor_refs: tuple[str, ...]
    payments: tuple[InvoicePayment, ...]


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    id: str
    customer: str | None
    status: PaymentIntentStatus
    amount: int
    amount_received: int
    currency: str
    created: datetime
    invoice: str | None
    latest_charge: str | None


@dataclass(frozen=True, slots=True)
class Charge:
    id: str
    customer: str | None
    status: ChargeStatus
    captured: bool
    amount_captured: int
    currency: str
    payment_intent: str | None
    invoice: str | None


@dataclass(frozen=True, slots=True)
class Dispute:
    id: str
    status: DisputeStatus
    amount: int
    currency: str
    created: datetime
    charge: str | None
    payment_intent: str | None


@dataclass(frozen=True, slots=True)
class StripeFacts:
    customers: tuple[StripeCustomer, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    invoices: tuple[StripeInvoice, ...] = ()
    payment_intents: tuple[PaymentIntent, ...] = ()
    charges: tuple[Charge, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    invoice_payments: tuple[InvoicePayment, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the six stores say, seen from one account.

    Single rows (`account`, `dunning`, `contract`, …) are the account's own. `customers`, `aliases`, `invoices`,
    `payments` and `adjustments` may hold rows of other accounts too: the merged ones count, the others tell who else
    claims a customer or an invoice.
    """

    account_id: str
    reads: tuple[Read, ...]
    problems: tuple[Problem, ...]
    account: Account | None
    customers: tuple[Customer, ...]
    aliases: tuple[CustomerAlias, ...]
    dunning: Dunning | None
    balances: tuple[Balance, ...]
    intents: tuple[Intent, ...]
    invoices: tuple[LedgerInvoice, ...]
    payments: tuple[LedgerPayment, ...]
    adjustments: tuple[Adjustment, ...]
    contract: Contract | None
    flags: AccountFlags | None
    entitlement: Entitlement | None
    blocks: tuple[Block, ...]
    billing_block: BillingBlock | None
    stripe: StripeFacts
