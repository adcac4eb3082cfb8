"""Stored against true: every cell that differs, and the classes of drift (K1 to K4) that the difference is."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from recon.engine.enums import BlockLevel, BlockReason, DebtState, PaymentStatus, StoreName
from recon.engine.facts import AccountFlags, Customer, Dunning, Entitlement, Facts, Stored
from recon.engine.rules.identity import Identity
from recon.engine.rules.projection import is_a_row
from recon.engine.truth import Truth


class DriftClass(StrEnum):
    """K1 to K4."""

    BAD_DEBT_DRIFT = "bad_debt_drift"
    INCONSISTENT_DEBT_FLAGS = "inconsistent_debt_flags"
    NO_SUCCESSFUL_PAYMENT_DRIFT = "no_successful_payment_drift"
    ENTITLEMENT_DRIFT = "entitlement_drift"


class DriftDetail(StrEnum):
    """Which way a class drifts. K2 without `wrong` is a contradiction: the stored tuple is no row of the projection."""

    STUCK = "stuck"
    MISSED = "missed"
    WRONG = "wrong"
    FLAGGED_BUT_PAID = "flagged_but_paid"
    UNFLAGGED_NEVER_PAID = "unflagged_never_paid"
    PAID_BUT_BLOCKED = "paid_but_blocked"
    SERVED_UNPAID = "served_unpaid"


Key = tuple[tuple[str, str], ...]
"""A row's primary key: (column, value) pairs in the order of the schema."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One DERIVED cell that differs. `row_version` is that of the row it was read from, None where there is no row.

    A block's cell has the column `level`, None for no row; Stripe's have `metadata.debt_state` and
    `metadata.account_id`.
    """

    store: StoreName
    table: str
    key: Key
    column: str
    stored: Stored
    truth: Stored
    rule: str
    row_version: int | None

    @property
    def place(self) -> str:
        """`store.table[key].column`."""
        return f"{self.store}.{self.table}[{','.join(value for _, value in self.key)}].{self.column}"


@dataclass(frozen=True, slots=True)
class Drift:
    classes: tuple[DriftClass, ...]
    details: tuple[DriftDetail, ...]
    cells: tuple[Cell, ...]


NO_DRIFT = Drift((), (), ())


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the stores hold of the account, with the defaults in the place of missing rows."""

    dunning: Dunning
    flags: AccountFlags
    customer: Customer
    entitlement: Entitlement
    payment_status: str | None
    block: str | None


def drift_of(facts: Facts, identity: Identity, truth: Truth) -> Drift:
    """Every cell of the account's rows and of its Stripe customers that is not what it ought to be."""
    stored = _stored(facts)
    cells = tuple(_differing(facts, stored, identity, truth))
    if not cells:
        return NO_DRIFT
    found = list(_classes(stored, truth))
    classes = tuple(one for one in DriftClass if any(name is one for name, _ in found))
    details = tuple(one for one in DriftDetail if any(detail is one for _, detail in found))
    return Drift(classes, details, cells)


def _stored(facts: Facts) -> _Stored:
    me = facts.account_id
    return _Stored(
        dunning=facts.dunning or Dunning(me, "clear", "clear", False, False, None, 0),
        flags=facts.flags or AccountFlags(me, False, False, 0),
        customer=_customer(facts),
        entitlement=facts.entitlement or Entitlement(me, False, "free", False, False, 0),
        payment_status=None if facts.account is None else facts.account.payment_status,
        block=None if facts.billing_block is None else facts.billing_block.level,
    )


def _customer(facts: Facts) -> Customer:
    return next(row for row in facts.customers if row.account_id == facts.account_id)


def _differing(facts: Facts, stored: _Stored, identity: Identity, truth: Truth) -> Iterable[Cell]:
    """The cells in the order in which the stores are written."""
    yield from _dunning_cells(facts, stored, truth)
    yield from _balance_cells(facts, truth)
    yield from _entitlement_cells(facts, stored, truth)
    yield from _flag_cells(facts, stored, truth)
    yield from _account_cells(facts, truth)
    yield from _customer_cells(facts, stored, truth)
    yield from _stripe_cells(facts, identity, truth)


_Value = tuple[str, Stored, Stored, str]
"""(column, stored, true, rule)."""


def _cells(store: StoreName, table: str, key: Key, version: int | None, values: Iterable[_Value]) -> Iterable[Cell]:
    for column, stored, true, rule in values:
        if stored != true:
            yield Cell(store, table, key, column, _plain(stored), _plain(true), rule, version)


def _plain(value: Stored) -> Stored:
    """The bare text of a member of a closed set."""
    return str(value) if isinstance(value, str) else value


def _dunning_cells(facts: Facts, stored: _Stored, truth: Truth) -> Iterable[Cell]:
    row = stored.dunning
    version = None if facts.dunning is None else facts.dunning.row_version
    values: list[_Value] = [
        ("state", row.state, truth.state, "T10"),
        ("raw_state", row.raw_state, truth.raw_state, "T8"),
        ("has_debt", row.has_debt, truth.has_debt, "T15"),
        ("is_bad_debt", row.is_bad_debt, truth.is_bad_debt, "T15"),
        ("oldest_due_at", row.oldest_due_at, truth.oldest_due_at, "T6"),
    ]
    return _cells(StoreName.SUBS_DUNNING, "dunning", (("account_id", facts.account_id),), version, values)


def _balance_cells(facts: Facts, truth: Truth) -> Iterable[Cell]:
    stored = {row.currency: row for row in facts.balances}
    for currency in sorted({*stored, *truth.balances}):
        row, true = stored.get(currency), truth.balances.get(currency)
        values: list[_Value] = [
            ("collectible_minor", row.collectible_minor if row else 0, true.collectible_minor if true else 0, "T5"),
            ("written_off_minor", row.written_off_minor if row else 0, true.written_off_minor if true else 0, "T3"),
        ]
        key = (("account_id", facts.account_id), ("currency", currency))
        yield from _cells(StoreName.SUBS_DUNNING, "balances", key, row.row_version if row else None, values)


def _entitlement_cells(facts: Facts, stored: _Stored, truth: Truth) -> Iterable[Cell]:
    row = stored.entitlement
    version = None if facts.entitlement is None else facts.entitlement.row_version
    values: list[_Value] = [("plan_active", row.plan_active, truth.plan_active, "T13")]
    if truth.effective_plan is not None:
        values.append(("effective_plan", row.effective_plan, truth.effective_plan, "T13"))
    values += [
        ("restricted", row.restricted, truth.restricted, "T15"),
        ("suspended", row.suspended, truth.suspended, "T15"),
    ]
    yield from _cells(StoreName.CF_PROD, "entitlements", (("account_id", facts.account_id),), version, values)
    block = facts.billing_block
    key = (("account_id", facts.account_id), ("reason", str(BlockReason.BILLING_DEBT)))
    level: _Value = ("level", block.level if block else None, truth.billing_block, "T15")
    yield from _cells(StoreName.CF_PROD, "blocks", key, block.row_version if block else None, [level])


def _flag_cells(facts: Facts, stored: _Stored, truth: Truth) -> Iterable[Cell]:
    row = stored.flags
    version = None if facts.flags is None else facts.flags.row_version
    values: list[_Value] = [
        ("has_debt", row.has_debt, truth.has_debt, "T15"),
        ("in_bad_debt", row.in_bad_debt, truth.is_bad_debt, "T15"),
    ]
    return _cells(StoreName.BILLING_PROD, "account_flags", (("account_id", facts.account_id),), version, values)


def _account_cells(facts: Facts, truth: Truth) -> Iterable[Cell]:
    row = facts.account
    if row is None:
        return ()
    values: list[_Value] = [] if truth.plan_code is None else [("plan_code", row.plan_code, truth.plan_code, "T12")]
    values += [
        ("primary_subscription_id", row.primary_subscription_id, truth.primary_subscription_id, "T11"),
        ("payment_status", row.payment_status, truth.payment_status, "T15"),
    ]
    return _cells(StoreName.SUBS_ACCOUNT, "accounts", (("account_id", facts.account_id),), row.row_version, values)


def _customer_cells(facts: Facts, stored: _Stored, truth: Truth) -> Iterable[Cell]:
    row = stored.customer
    values: list[_Value] = [
        ("has_payment_method", row.has_payment_method, truth.has_payment_method, "T14"),
        ("delinquent", row.delinquent, truth.delinquent, "T15"),
        ("has_no_successful_payment", row.has_no_successful_payment, truth.has_no_successful_payment, "T14"),
    ]
    return _cells(StoreName.SUBS_CUSTOMER, "customers", (("account_id", facts.account_id),), row.row_version, values)


def _stripe_cells(facts: Facts, identity: Identity, truth: Truth) -> Iterable[Cell]:
    for customer in identity.live.values():
        values: list[_Value] = [("metadata.debt_state", customer.debt_state or DebtState.CLEAR, truth.state, "T15")]
        if customer.account_id is None:
            values.append(("metadata.account_id", None, facts.account_id, "T1"))
        yield from _cells(StoreName.STRIPE, "customers", (("id", customer.id),), None, values)


_Found = tuple[DriftClass, DriftDetail | None]


def _classes(stored: _Stored, truth: Truth) -> Iterable[_Found]:
    yield from _bad_debt(stored, truth)
    yield from _debt_flags(stored, truth)
    yield from _never_paid(stored, truth)
    yield from _entitlement(stored, truth)


def _bad_debt(stored: _Stored, truth: Truth) -> Iterable[_Found]:
    """K1: a signal of bad debt that the truth does not give, or the reverse."""
    signals = {
        stored.dunning.state == DebtState.BAD_DEBT,
        stored.dunning.is_bad_debt is True,
        stored.flags.in_bad_debt is True,
        stored.payment_status == PaymentStatus.BAD_DEBT,
        stored.block == BlockLevel.SUSPEND,
    }
    if truth.is_bad_debt and False in signals:
        yield DriftClass.BAD_DEBT_DRIFT, DriftDetail.MISSED
    if not truth.is_bad_debt and True in signals:
        yield DriftClass.BAD_DEBT_DRIFT, DriftDetail.STUCK


def _debt_flags(stored: _Stored, truth: Truth) -> Iterable[_Found]:
    """K2: the stored debt tuple is not the true one; `wrong` where it is at least a row of the projection."""
    dunning, flags, delinquent = stored.dunning, stored.flags, stored.customer.delinquent
    mine = (dunning.state, dunning.has_debt, flags.has_debt, dunning.is_bad_debt, flags.in_bad_debt)
    true = (truth.state, truth.has_debt, truth.has_debt, truth.is_bad_debt, truth.is_bad_debt)
    rest = (stored.payment_status, delinquent, stored.block)
    if mine == true and rest == (truth.payment_status, truth.delinquent, truth.billing_block):
        return
    legal = is_a_row(
        dunning.state,
        (dunning.has_debt, flags.has_debt),
        (dunning.is_bad_debt, flags.in_bad_debt),
        stored.payment_status,
        delinquent,
        stored.block,
    )
    yield DriftClass.INCONSISTENT_DEBT_FLAGS, DriftDetail.WRONG if legal else None


def _never_paid(stored: _Stored, truth: Truth) -> Iterable[_Found]:
    """K3: the flag against the payments."""
    flagged = stored.customer.has_no_successful_payment is True
    if flagged and not truth.has_no_successful_payment:
        yield DriftClass.NO_SUCCESSFUL_PAYMENT_DRIFT, DriftDetail.FLAGGED_BUT_PAID
    if truth.has_no_successful_payment and not flagged:
        yield DriftClass.NO_SUCCESSFUL_PAYMENT_DRIFT, DriftDetail.UNFLAGGED_NEVER_PAID


def _entitlement(stored: _Stored, truth: Truth) -> Iterable[_Found]:
    """K4: a store denies what the truth allows, or allows what it denies."""
    mine = (
        stored.entitlement.plan_active is not True,
        stored.entitlement.restricted is True,
        stored.entitlement.suspended is True,
        _denial(stored.block),
    )
    true = (not truth.plan_active, truth.restricted, truth.suspended, _denial(truth.billing_block))
    if any(here > there for here, there in zip(mine, true, strict=True)):
        yield DriftClass.ENTITLEMENT_DRIFT, DriftDetail.PAID_BUT_BLOCKED
    if any(here < there for here, there in zip(mine, true, strict=True)):
        yield DriftClass.ENTITLEMENT_DRIFT, DriftDetail.SERVED_UNPAID


_DENIAL = {None: 0, "restrict": 1, "suspend": 2}


def _denial(level: str | None) -> int:
    """How much a level denies; a level that nobody knows denies nothing."""
    return _DENIAL.get(level, 0)
