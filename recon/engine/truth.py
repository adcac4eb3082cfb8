"""The computed state of an account, and for each of its fields the reason: rule, sentence, evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recon.engine.enums import BlockLevel, DebtState, PaymentStatus

ACCESS: Final = {"plan_active": True, "restricted": False, "suspended": False}
"""Field of the truth, and column of `entitlements` → its value while the customer has what they want."""


@dataclass(frozen=True, slots=True)
class TrueBalance:
    """What one currency still owes, and what was written off and never recovered; minor units of that currency."""

    collectible_minor: int
    written_off_minor: int


@dataclass(frozen=True, slots=True)
class Truth:
    """Every DERIVED value as it ought to be. `plan_code` is None where the price is mapped to no plan (T12)."""

    state: DebtState
    raw_state: DebtState
    has_debt: bool
    is_bad_debt: bool
    oldest_due_at: datetime | None
    balances: Mapping[str, TrueBalance]
    payment_status: PaymentStatus
    plan_code: str | None
    plan_active: bool
    effective_plan: str | None
    restricted: bool
    suspended: bool
    billing_block: BlockLevel | None
    delinquent: bool
    has_no_successful_payment: bool
    has_payment_method: bool
    primary_subscription_id: str | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a field is what it is: the rule of the contract, one sentence, and the rows it rests on."""

    rule: str
    text: str
    evidence: tuple[str, ...]
