"""T15: one state, one row. What each store must hold for a state, and whether a stored tuple is such a row at all."""

from dataclasses import dataclass

from recon.engine.enums import AccountStatus, BlockLevel, DebtState, PaymentStatus, SubscriptionStatus
from recon.engine.facts import Stored, Subscription


@dataclass(frozen=True, slots=True)
class Row:
    """The projection's row of one state, without what depends on the plan."""

    has_debt: bool
    is_bad_debt: bool
    payment_status: PaymentStatus | None
    delinquent: bool
    blocks: tuple[BlockLevel | None, ...]


PROJECTION = {
    DebtState.CLEAR: Row(False, False, None, False, (None,)),
    DebtState.WRITTEN_OFF: Row(False, False, PaymentStatus.WRITTEN_OFF, False, (BlockLevel.RESTRICT,)),
    DebtState.GRACE: Row(True, False, PaymentStatus.PAST_DUE, False, (None, BlockLevel.RESTRICT)),
    DebtState.PAST_DUE: Row(True, False, PaymentStatus.PAST_DUE, False, (BlockLevel.RESTRICT,)),
    DebtState.DELINQUENT: Row(True, False, PaymentStatus.UNPAID, True, (BlockLevel.RESTRICT,)),
    DebtState.BAD_DEBT: Row(True, True, PaymentStatus.BAD_DEBT, True, (BlockLevel.SUSPEND,)),
}
"""Each state's row. A payment status of None depends on the subscription; grace is legal with and without a restriction
(it restricts only where a write-off was never recovered)."""

_CLEAR_STATUSES = (PaymentStatus.NONE, PaymentStatus.TRIALING, PaymentStatus.PENDING, PaymentStatus.CURRENT)

_BY_SUBSCRIPTION = {
    SubscriptionStatus.TRIALING: PaymentStatus.TRIALING,
    SubscriptionStatus.ACTIVE: PaymentStatus.CURRENT,
    SubscriptionStatus.PAST_DUE: PaymentStatus.CURRENT,
    SubscriptionStatus.INCOMPLETE: PaymentStatus.PENDING,
    SubscriptionStatus.UNPAID: PaymentStatus.PENDING,
    SubscriptionStatus.PAUSED: PaymentStatus.PENDING,
}


def payment_status(
    state: DebtState, status: AccountStatus, primary: Subscription | None, *, granted: bool
) -> PaymentStatus:
    """`accounts.payment_status`; `granted` says that a comp or a contract runs."""
    of_state = PROJECTION[state].payment_status
    if of_state is not None:
        return of_state
    if status is AccountStatus.CLOSED:
        return PaymentStatus.NONE
    if primary is not None:
        return _BY_SUBSCRIPTION[primary.status]
    return PaymentStatus.CURRENT if granted else PaymentStatus.NONE


def billing_block(state: DebtState, *, unrecovered: bool) -> BlockLevel | None:
    """The level of the `billing_debt` block."""
    if state is DebtState.GRACE:
        return BlockLevel.RESTRICT if unrecovered else None
    return PROJECTION[state].blocks[0]


def is_a_row(
    state: Stored, has_debt: tuple[Stored, Stored], is_bad_debt: tuple[Stored, Stored], status: Stored,
    delinquent: Stored, block: Stored,
) -> bool:  # fmt: skip
    """Whether the stored debt tuple is a row of the projection; if not, the stores contradict each other (K2)."""
    if not isinstance(state, str) or state not in DebtState._value2member_map_:
        return False
    row = PROJECTION[DebtState(state)]
    statuses = _CLEAR_STATUSES if row.payment_status is None else (row.payment_status,)
    return (
        has_debt == (row.has_debt, row.has_debt)
        and is_bad_debt == (row.is_bad_debt, row.is_bad_debt)
        and status in statuses
        and delinquent == row.delinquent
        and block in row.blocks
    )
