"""What a store can do, and the values that pass between stores, the sweep and the coordinator.

Reading never raises for an outside failure: it answers a `Reading` that is not ok and says why (T0 of the rules).
Writing raises a `StoreError` of a closed tree, because the coordinator has to decide on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from recon.engine.facts import Reading, StoreName


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows to read: an account, those merged into it (any number of steps), and what links it to Stripe.

    `neighbours` are accounts outside the family that name one of its Stripe customers: an invoice that the ledger knows
    as theirs is not this account's, though Stripe shows it under the shared customer (T5).
    """

    account_id: str
    family: tuple[str, ...]
    stripe_customer_ids: tuple[str, ...] = ()
    stripe_invoice_ids: tuple[str, ...] = ()
    processor_refs: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()

    @classmethod
    def of(cls, account_id: str) -> "Scope":
        """The scope before anything is known of the account."""
        return cls(account_id=account_id, family=(account_id,))


class Store(Protocol):
    """One of the six: says what it holds about one account, or about each of several."""

    @property
    def name(self) -> StoreName: ...

    def read(self, scope: Scope) -> Reading: ...

    def read_many(self, scopes: Sequence[Scope]) -> Mapping[str, Reading]: ...

    def ping(self) -> str: ...


class BulkStore(Store, Protocol):
    """A store that is cheaper read in chunks, and says whom it knows."""

    def read_many(self, scopes: Sequence[Scope], *, fingerprints: bool = False) -> Mapping[str, Reading]: ...

    def fingerprints(self, account_ids: Sequence[str]) -> Mapping[str, int]: ...

    def account_ids(self, after: str, limit: int) -> list[str]: ...

    def shard_sums(self, shards: int) -> Mapping[int, int]: ...

    def account_ids_in(self, shards: Sequence[int], of: int) -> list[str]: ...


class ManyReadStore(Store, Protocol):
    """A store that says whom to ask about many accounts."""

    def in_bulk(self) -> BulkStore: ...


@dataclass(frozen=True, slots=True)
class RowWrite:
    """All cells of one row: what each was and what it is to become.

    `row_version` None means that the row was not there, and is to be inserted; `delete` removes the row.
    """

    table: str
    key: tuple[tuple[str, str], ...]
    before: tuple[tuple[str, Any], ...]
    after: tuple[tuple[str, Any], ...]
    row_version: int | None
    delete: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A branch that is prepared: its full transaction id and the server that holds it."""

    gid: str
    xid: str
    system_identifier: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A prepared transaction as the server lists it."""

    gid: str
    prepared_at: datetime


class Fate(StrEnum):
    """What became of a transaction that a server no longer lists as prepared."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    IN_PROGRESS = "in progress"
    UNKNOWN = "unknown"


class Branch(Protocol):
    """One store's part of an apply, on a connection of its own; `send_*` does not wait, `await_*` does."""

    def send_writes(self, gid: str, writes: Sequence[RowWrite]) -> None: ...

    def await_writes(self) -> Prepared: ...

    def send_prepare(self) -> None: ...

    def await_prepare(self) -> None: ...

    def abandon(self) -> None: ...


class Finish(Protocol):
    """A COMMIT PREPARED or ROLLBACK PREPARED in flight: True when it was done, False when no such one exists.

    `read_back` is what the rows that were asked for hold after it (None: no such row); wait for the outcome before.
    """

    def outcome(self) -> bool: ...

    def read_back(self) -> Sequence[Mapping[str, Any] | None]: ...


class WritableStore(BulkStore, Protocol):
    """A database that takes part in two-phase commits."""

    def branch(self) -> Branch: ...

    def send_commit(self, gid: str, read_back: Sequence[RowWrite]) -> Finish: ...

    def send_rollback(self, gid: str) -> Finish: ...

    def fate(self, xid: str, system_identifier: str) -> Fate: ...

    def in_doubt(self, prefix: str) -> list[InDoubt]: ...


class CallOutcome(StrEnum):
    """What an answer of Stripe, or none, says of the call (and of nothing but this one attempt)."""

    DONE = "done"  # 2xx, a replayed one too
    REFUSED = "refused"  # a definite 4xx
    UNKNOWN = "unknown"  # no answer, or 5xx: it may have taken effect
    RETRY = "retry"  # 409, 429: ask again with the same key


@dataclass(frozen=True, slots=True)
class CallResult:
    """`http_status` None means that no answer came. `code` is Stripe's error code or type."""

    outcome: CallOutcome
    http_status: int | None = None
    code: str | None = None
    message: str | None = None


class CallableStore(Store, Protocol):
    """Stripe: writes are calls with an idempotency key, settled by asking again or by reading back."""

    def call(self, verb: str, object_id: str, params: Mapping[str, Any], idempotency_key: str) -> CallResult: ...

    def wanted_state_reached(self, verb: str, object_id: str, params: Mapping[str, Any]) -> bool | None: ...


class StoreError(Exception):
    """A store did not do what it was told. The sentence says what, where, and what to do; never a row's values."""

    def __init__(self, store: StoreName, sentence: str) -> None:
        super().__init__(sentence)
        self.store = store
        self.sentence = sentence


class StaleRow(StoreError):
    """The row is no longer what the plan was computed from. Terminal for this plan: recompute."""


class WriteRefused(StoreError):
    """The database refused a statement (constraint, privilege, time-out). Terminal for this plan."""


class NotWritable(WriteRefused):
    """The store can be read, and no plan can write there until somebody changes that: the sentence says what."""


class StoreUnreachable(StoreError):
    """The database gave no answer, so nobody knows what it did. Retryable."""


def scope_from_links(account_id: str, links: Reading) -> Scope:
    """The account's family and Stripe customers, out of what subs_customer said (T1 of the rules)."""
    customers = links.tables.get("customers", ())
    aliases = links.tables.get("customer_aliases", ())
    family = {account_id}
    while merged := {r["account_id"] for r in customers if r.get("merged_into") in family} - family:
        family |= merged
    linked = {r.get("stripe_customer_id") for r in (*customers, *aliases) if r["account_id"] in family}
    claimants = {r["account_id"] for r in (*customers, *aliases) if r.get("stripe_customer_id") in linked - {None}}
    return Scope(
        account_id=account_id,
        family=tuple(sorted(family)),
        neighbours=tuple(sorted(claimants - family)),
        stripe_customer_ids=tuple(sorted(customer for customer in linked if customer)),
    )


def scope_with_ledger(scope: Scope, ledger: Reading) -> Scope:
    """The same scope with the ledger's references to Stripe's invoices and payments."""
    invoices = {r.get("stripe_invoice_id") for r in ledger.tables.get("invoices", ())}
    payments = {r.get("processor_ref") for r in ledger.tables.get("payments", ())}
    return replace(
        scope,
        stripe_invoice_ids=tuple(sorted(ref for ref in invoices if ref)),
        processor_refs=tuple(sorted(ref for ref in payments if ref)),
    )
