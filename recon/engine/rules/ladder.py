"""T7 (in flight) to T10: from what each invoice owes to the one state of the account, at a given moment.

No history is used: paying clears at once, a partial payment leaves exactly what remains.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recon.engine.enums import AccountStatus, DebtState, IntentKind, Segment
from recon.engine.facts import Account
from recon.engine.moments import after, days_past_due, midnight
from recon.engine.policy import Policy, Rungs
from recon.engine.rules.intents import Intents
from recon.engine.rules.invoices import InvoiceBalance, totals
from recon.engine.rules.subscription import Subscriptions


@dataclass(frozen=True, slots=True)
class Rung:
    """One overdue invoice on the ladder, with its days past due and the state that it alone would give."""

    balance: InvoiceBalance
    days_past_due: int
    state: DebtState


@dataclass(frozen=True, slots=True)
class Ladder:
    """The account's debt at one moment.

    `rungs` are the invoices that count, the most severe first. `ended` is T9. `unrecovered` says that a write-off above
    dust was never recovered. `raw_state` is before the caps of T10, `state` after, `caps` the intents that lowered it.
    """

    rungs: tuple[Rung, ...]
    ended: bool
    unrecovered: bool
    raw_state: DebtState
    state: DebtState
    caps: tuple[tuple[str, DebtState], ...]

    @property
    def oldest_due_at(self) -> datetime | None:
        return min((rung.balance.due_at for rung in self.rungs if rung.balance.due_at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Debtor:
    """All that the ladder asks of an account beside the clock."""

    account: Account
    subscriptions: Subscriptions
    intents: Intents
    balances: tuple[InvoiceBalance, ...]
    policy: Policy

    @property
    def rungs(self) -> Rungs:
        return self.policy.rungs(self.intents.segment)


def climb(debtor: Debtor, now: datetime) -> Ladder:
    """T8 to T10 at one moment."""
    ended = has_ended(debtor, now)
    escalated = bool(debtor.intents.running(IntentKind.APPROVE_ESCALATION, now))
    rungs = _rungs(debtor, now, ended=ended, escalated=escalated)
    unrecovered = any(
        written_off > debtor.policy.dust(currency) for currency, (_, written_off) in totals(debtor.balances).items()
    )
    raw = rungs[0].state if rungs else DebtState.CLEAR
    if raw is DebtState.CLEAR and unrecovered:
        raw = DebtState.WRITTEN_OFF
    caps = tuple(_caps(debtor.intents, now, escalated=escalated))
    state = raw
    for _, cap in caps:
        state = state.at_most(cap)
    return Ladder(rungs, ended, unrecovered, raw, state, tuple(cap for cap in caps if cap[1].severity < raw.severity))


def has_ended(debtor: Debtor, now: datetime) -> bool:
    """T9: closed; or self-serve without a live subscription or a comp; or a contract past its end without one."""
    if debtor.account.status is AccountStatus.CLOSED:
        return True
    if debtor.subscriptions.live:
        return False
    match debtor.intents.segment:
        case Segment.SELF_SERVE:
            return not debtor.intents.has_comp(now)
        case Segment.CONTRACT:
            return debtor.intents.contract_is_over(now)
        case Segment.INTERNAL:
            return False


def _rungs(debtor: Debtor, now: datetime, *, ended: bool, escalated: bool) -> tuple[Rung, ...]:
    """T8: per currency, the overdue invoices whose sum is above dust; the most severe first."""
    overdue: dict[str, list[tuple[InvoiceBalance, int]]] = {}
    for balance in debtor.balances:
        if balance.collectible_minor > 0:
            days = days_past_due(balance.due_at, now)
            if days > 0 and not _covered(balance, debtor.policy, now):
                overdue.setdefault(balance.currency, []).append((balance, days))
    rungs = [
        Rung(balance, days, _state_of(balance, debtor.rungs.state_at(days, ended=ended), escalated=escalated))
        for currency, invoices in overdue.items()
        if sum(balance.collectible_minor for balance, _ in invoices) > debtor.policy.dust(currency)
        for balance, days in invoices
    ]
    return tuple(sorted(rungs, key=lambda rung: (-rung.state.severity, -rung.days_past_due, rung.balance.refs)))


def _covered(balance: InvoiceBalance, policy: Policy, now: datetime) -> bool:
    """T7: young payments in flight cover what remains."""
    flying = sum(
        payment.amount_minor
        for payment in balance.in_flight
        if payment.created is not None and now - payment.created < policy.in_flight_max
    )
    return flying >= balance.collectible_minor


def _state_of(balance: InvoiceBalance, rung: DebtState, *, escalated: bool) -> DebtState:
    """T5 and T7: one witness never goes beyond past_due, a reversed payment only when a person approved it."""
    if balance.one_witness or (balance.disputed and not escalated):
        return rung.at_most(DebtState.PAST_DUE)
    return rung


def _caps(intents: Intents, now: datetime, *, escalated: bool) -> Iterable[tuple[str, DebtState]]:
    """T10, in its order: (what caps, at what)."""
    if intents.segment is Segment.INTERNAL:
        yield "the account is internal", DebtState.CLEAR
    if intents.segment is Segment.CONTRACT and not escalated:
        yield "a contract account goes beyond past due only when a person approves it", DebtState.PAST_DUE
    for promise in intents.running(IntentKind.PROMISE_TO_PAY, now):
        yield f"payment is promised ({promise.intent_id})", DebtState.PAST_DUE
    for order in intents.running(IntentKind.ENFORCEMENT_OFF, now):
        yield f"enforcement is off ({order.intent_id})", DebtState.GRACE


def moments(debtor: Debtor) -> Iterable[datetime]:
    """T17: every moment at which an invoice may reach another rung or a payment in flight grows too old."""
    rungs = debtor.rungs
    days: Sequence[int] = sorted(
        {1, rungs.grace, rungs.past_due, rungs.delinquent, rungs.bad_debt, rungs.bad_debt_ended}
    )
    for balance in debtor.balances:
        if balance.collectible_minor <= 0:
            continue
        if balance.due_at is not None:
            reached = (midnight(balance.due_at, day) for day in days)
            yield from (moment for moment in reached if moment is not None)
        for payment in balance.in_flight:
            expiry = None if payment.created is None else after(payment.created, debtor.policy.in_flight_max)
            if expiry is not None:
                yield expiry
