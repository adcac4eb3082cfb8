"""The smallest set of writes that makes the stores true, how severe it is, and the seal that a person approves."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from recon.engine.drift import Cell, Drift
from recon.engine.enums import DebtState, PaymentStatus, StoreName
from recon.engine.facts import Stored
from recon.engine.rules.identity import Identity
from recon.engine.truth import Truth
from recon.engine.values import rfc3339

Write = Cell
"""A cell to be made true: `stored` and `row_version` are what the row must still hold when it is written."""


class Risk(StrEnum):
    """Severe: some write takes something from the account, or accuses it. Lenient: none does."""

    LENIENT = "lenient"
    SEVERE = "severe"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change in Stripe that a person of finance approves by itself; `verb` is the bare name of Stripe's method."""

    verb: str
    object: str
    params: Mapping[str, Any]
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`risk` is None when nothing needs writing. A withheld plan (T16) has a risk and no writes."""

    digest: str
    risk: Risk | None
    writes: tuple[Write, ...]
    proposals: tuple[Proposal, ...]


def plan_of(account_id: str, drift: Drift, truth: Truth, identity: Identity, proposals: Iterable[Proposal]) -> Plan:
    """T16: what may be written. A Stripe customer of two accounts, or of a merged one, never is; an account whose
    identity is in doubt (K6) gets no severe plan, in whole."""
    writes = tuple(cell for cell in drift.cells if _may_be_written(cell, identity))
    risk = risk_of(writes)
    if risk is Risk.SEVERE and identity.findings:
        writes = ()
    return Plan(digest_of(account_id, writes, truth), risk, writes, tuple(proposals))


def empty_plan(account_id: str) -> Plan:
    """The plan of an unknown verdict: nothing is written on a guess."""
    return Plan(digest_of(account_id, (), None), None, (), ())


def _may_be_written(cell: Cell, identity: Identity) -> bool:
    return cell.store is not StoreName.STRIPE or cell.key[0][1] in identity.writable


def risk_of(writes: tuple[Write, ...]) -> Risk | None:
    """Severe when any write moves a cell to its severe side; None when there is nothing to write."""
    if not writes:
        return None
    return Risk.SEVERE if any(is_severe(write) for write in writes) else Risk.LENIENT


def is_severe(write: Write) -> bool:
    """Whether one write moves its cell to the severe side. A stored value that nobody knows is the least severe."""
    rank = _RANKS.get((write.store, write.table, write.column))
    return rank is not None and rank.get(write.truth, 0) > rank.get(write.stored, 0)


_Rank = Mapping[Stored, int]

_DEBT: _Rank = {str(state): state.severity for state in DebtState}
_STATUS: _Rank = {
    str(PaymentStatus.WRITTEN_OFF): 1,
    str(PaymentStatus.PAST_DUE): 2,
    str(PaymentStatus.UNPAID): 3,
    str(PaymentStatus.BAD_DEBT): 4,
}
_TRUE: _Rank = {True: 1}
_FALSE: _Rank = {False: 1}
_FREE: _Rank = {"free": 1}
_LEVEL: _Rank = {"restrict": 1, "suspend": 2}

_RANKS: Mapping[tuple[StoreName, str, str], _Rank] = {
    (StoreName.SUBS_DUNNING, "dunning", "state"): _DEBT,
    (StoreName.SUBS_DUNNING, "dunning", "has_debt"): _TRUE,
    (StoreName.SUBS_DUNNING, "dunning", "is_bad_debt"): _TRUE,
    (StoreName.BILLING_PROD, "account_flags", "has_debt"): _TRUE,
    (StoreName.BILLING_PROD, "account_flags", "in_bad_debt"): _TRUE,
    (StoreName.SUBS_ACCOUNT, "accounts", "payment_status"): _STATUS,
    (StoreName.SUBS_CUSTOMER, "customers", "delinquent"): _TRUE,
    (StoreName.SUBS_CUSTOMER, "customers", "has_no_successful_payment"): _TRUE,
    (StoreName.CF_PROD, "entitlements", "plan_active"): _FALSE,
    (StoreName.CF_PROD, "entitlements", "effective_plan"): _FREE,
    (StoreName.CF_PROD, "entitlements", "restricted"): _TRUE,
    (StoreName.CF_PROD, "entitlements", "suspended"): _TRUE,
    (StoreName.CF_PROD, "blocks", "level"): _LEVEL,
    (StoreName.STRIPE, "customers", "metadata.debt_state"): _DEBT,
}
"""How severe each value of a cell is, 0 where it is not named. Cells that are not here never make a plan severe."""


_FIELDS: Mapping[str, _Rank] = {
    "state": _DEBT,
    "has_debt": _TRUE,
    "is_bad_debt": _TRUE,
    "payment_status": _STATUS,
    "plan_active": _FALSE,
    "effective_plan": _FREE,
    "restricted": _TRUE,
    "suspended": _TRUE,
    "billing_block": _LEVEL,
    "delinquent": _TRUE,
    "has_no_successful_payment": _TRUE,
}
"""The same of the truth itself."""


def risk_between(before: Truth, after: Truth) -> Risk | None:
    """What it would mean for the account were `after` its truth instead of `before`; None where no field that can make
    a plan severe differs."""
    ranks = [(rank.get(getattr(before, name), 0), rank.get(getattr(after, name), 0)) for name, rank in _FIELDS.items()]
    if any(was < is_now for was, is_now in ranks):
        return Risk.SEVERE
    return Risk.LENIENT if any(was > is_now for was, is_now in ranks) else None


def digest_of(account_id: str, writes: Iterable[Write], truth: Truth | None) -> str:
    """SHA-256, in hex, over the account, every write with the row version it was computed from, and the truth.

    The same input gives the same digest, byte for byte: keys sorted, no spaces, ASCII, times in RFC 3339.
    """
    return seal(
        {
            "account_id": account_id,
            "writes": [sealed_write(write) for write in writes],
            "truth": None if truth is None else truth_json(truth),
        }
    )


def seal(told: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of canonical JSON: what has other names can never have the same seal."""
    return hashlib.sha256(_CANONICAL.encode(told).encode()).hexdigest()


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def sealed_write(write: Write) -> list[Any]:
    return [
        write.store,
        write.table,
        list(write.key),
        write.column,
        plain(write.stored),
        plain(write.truth),
        write.row_version,
    ]


def plain(value: Stored) -> str | int | bool | None:
    """A cell's value as JSON holds it."""
    return rfc3339(value) if isinstance(value, datetime) else value


def truth_json(truth: Truth) -> dict[str, Any]:
    """The truth as the answer writes it."""
    fields: dict[str, Any] = {name: plain(getattr(truth, name)) for name in Truth.__slots__ if name != "balances"}
    fields["balances"] = {
        currency: {"collectible_minor": one.collectible_minor, "written_off_minor": one.written_off_minor}
        for currency, one in truth.balances.items()
    }
    return fields
