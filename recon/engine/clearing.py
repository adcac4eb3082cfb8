"""What would make it clear? The smallest change of facts after which the rules themselves say clear.

Which invoices stand in the way is asked of the ladder, one left unpaid at a time; a way is offered only after
the whole flow has judged the facts with all of it, and only when nothing of it can be left out. What merely eases the
state (a promise, an approved write-off) is offered beside, with the state that the rules then give.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from recon.engine.assessment import Assessment, assess, judge, with_intents
from recon.engine.enums import DebtState
from recon.engine.facts import Facts
from recon.engine.moments import midnight
from recon.engine.pipeline import Evaluation, Known, known
from recon.engine.policy import Policy
from recon.engine.rules.identity import family_of, identify
from recon.engine.rules.invoices import Claim, InvoiceBalance
from recon.engine.rules.ladder import climb
from recon.engine.suppose import Change, ChangeKind, are_intents, supposed

MOST_RUNS = 50
"""Runs of the rules for one answer, at most."""
MOST_ROWS = 4_000
"""Rows that all runs together may read: an account with many invoices gets fewer runs, so that its page stays quick."""
FEWEST_RUNS = 6
PROMISED = timedelta(days=14)
"""How long a supposed promise runs; any date later than now does."""


@dataclass(frozen=True, slots=True)
class Way:
    """Changes that together, and no fewer of them, lead to `state`."""

    changes: tuple[Change, ...]
    state: DebtState


@dataclass(frozen=True, slots=True)
class Missing:
    """What keeps a verdict unknown: the place that has to be read or mended, and the sentence that says why."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Clearing:
    """The answer for one account. `state` None: the verdict is unknown, and `missing` says what would make it known.

    `ways` lead to clear, what is on its way first; `easings` to a milder state. `is_drifted`: the stores do not say
    yet what is true. `why_not` is a sentence where nothing within the rules clears the account. `runs` counts how often
    the rules were run.
    """

    state: DebtState | None
    ways: tuple[Way, ...] = ()
    easings: tuple[Way, ...] = ()
    missing: tuple[Missing, ...] = ()
    is_drifted: bool = False
    why_not: str = ""
    runs: int = 1


def clearing_of(facts: Facts, policy: Policy, now: datetime) -> Clearing:
    """Runs the rules up to `MOST_RUNS` times; nothing when the state is clear already."""
    found = known(facts, policy, now)
    if isinstance(found, Evaluation):
        return Clearing(None, missing=missing_of(found))
    state = found.judgement.truth.state
    if state is DebtState.CLEAR:
        return Clearing(state, is_drifted=bool(found.drift.cells))

    runs_left = min(MOST_RUNS, max(FEWEST_RUNS, MOST_ROWS // _rows(facts)))
    trial = _Trial(found.assessment, policy, now, runs_left)
    obstacles = _obstacles(found.assessment, now)
    ways = tuple(_ways(trial, obstacles))
    return Clearing(
        state=state,
        ways=ways,
        easings=tuple(_easings(trial, obstacles, state)),
        is_drifted=bool(found.drift.cells),
        why_not="" if ways else _why_not(obstacles),
        runs=1 + trial.runs,
    )


def missing_of(evaluation: Evaluation) -> tuple[Missing, ...]:
    """Of an unknown verdict: every reading or row that made it so."""
    return tuple(Missing(finding.refs[0] if finding.refs else "", finding.text) for finding in evaluation.findings)


@dataclass(slots=True)
class _Trial:
    """The rules, asked about supposed facts a bounded number of times."""

    assessment: Assessment
    policy: Policy
    now: datetime
    runs_left: int
    runs: int = 0

    def clears(self, changes: tuple[Change, ...]) -> bool:
        """Whether the whole flow says clear; never claimed when no run is left."""
        if not self._may_run():
            return False
        found = known(supposed(self.assessment.facts, changes, self.now), self.policy, self.now)
        return isinstance(found, Known) and found.judgement.truth.state is DebtState.CLEAR

    def state_after(self, changes: tuple[Change, ...]) -> DebtState | None:
        """The rules alone, without drift and plan: supposed facts are as readable as the ones they come from. None when
        no run is left."""
        if not self._may_run():
            return None
        return judge(self._assess(changes), self.now).truth.state

    def _assess(self, changes: tuple[Change, ...]) -> Assessment:
        facts = supposed(self.assessment.facts, changes, self.now)
        if are_intents(changes):
            return with_intents(self.assessment, facts)
        return assess(facts, self.assessment.account, identify(facts, family_of(facts)), self.policy)

    def _may_run(self) -> bool:
        if not self.runs_left:
            return False
        self.runs_left -= 1
        self.runs += 1
        return True


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """One invoice that stands in the way, with all that is said of it."""

    claim: Claim
    balance: InvoiceBalance

    @property
    def asked_minor(self) -> int:
        """What pays it in full: what may be collected, and what was written off and never recovered."""
        return self.balance.collectible_minor + self.balance.written_off_minor

    def change(self, kind: ChangeKind, amount_minor: int, objects: Iterable[str] = ()) -> Change:
        return Change(
            kind=kind,
            ledger_invoice=self.claim.ledger.invoice_id if self.claim.ledger is not None else None,
            stripe_invoice=self.claim.stripe.id if self.claim.stripe is not None else None,
            objects=tuple(objects),
            amount_minor=amount_minor,
            currency=self.balance.currency,
            due_at=self.balance.due_at,
            written_off_minor=self.balance.written_off_minor,
        )


def _obstacles(assessment: Assessment, now: datetime) -> tuple[_Obstacle, ...]:
    """The invoices of which none may be left unpaid, oldest first. Of those that the ladder counts, it is asked of the
    smallest first whether it, with what is left already, would be too little to matter (dust)."""
    debtor = assessment.debtor
    counted = {rung.balance.refs: rung.balance for rung in climb(debtor, now).rungs}
    counted |= {one.refs: one for one in debtor.balances if one.written_off_minor}
    left: tuple[InvoiceBalance, ...] = ()
    standing = []
    for balance in sorted(counted.values(), key=_size):
        if climb(replace(debtor, balances=(*left, balance)), now).state is DebtState.CLEAR:
            left = (*left, balance)
        else:
            standing.append(balance)
    claims: Mapping[tuple[str, ...], Claim] = {claim.refs: claim for claim in assessment.claims}
    return tuple(_Obstacle(claims[one.refs], one) for one in sorted(standing, key=_oldest_first))


def _size(balance: InvoiceBalance) -> tuple[int, tuple[str, ...]]:
    return (balance.collectible_minor + balance.written_off_minor, balance.refs)


def _oldest_first(balance: InvoiceBalance) -> tuple[bool, float, tuple[str, ...]]:
    due_at = balance.due_at
    return (due_at is None, 0.0 if due_at is None else due_at.timestamp(), balance.refs)


def _ways(trial: _Trial, obstacles: tuple[_Obstacle, ...]) -> Iterable[Way]:
    """What is on its way arrives; or new money; or what was taken back is given back. Each only where the rules have
    confirmed it. Where what is on its way counts already, asking for all of it would be asking twice."""
    arriving = tuple(change for obstacle in obstacles for change in _arrivals(obstacle))
    paying = tuple(change for obstacle in obstacles for change in _payments(obstacle))
    given_back = tuple(change for obstacle in obstacles for change in _taken_back(obstacle))
    offered: set[tuple[Change, ...]] = {()}
    for changes in (arriving, paying, given_back):
        if changes not in offered and trial.clears(changes):
            fewest = changes if _is_fewest(changes, obstacles) else _fewest(trial, changes)
            if fewest not in offered and (fewest == changes or trial.clears(fewest)):
                yield Way(fewest, DebtState.CLEAR)
            offered |= {changes, fewest}
            if all(change.kind is ChangeKind.PAYMENT for change in fewest):
                offered.add(paying)


def _is_fewest(changes: tuple[Change, ...], obstacles: tuple[_Obstacle, ...]) -> bool:
    """With one change an invoice, and nothing that serves two of them, to leave one out is to leave that invoice as it
    is: of that the ladder has said already that it does not clear."""
    objects = [one for change in changes for one in change.objects]
    return len(changes) == len(obstacles) and len(objects) == len(set(objects))


def _fewest(trial: _Trial, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Without what may be left out; empty where the runs do not suffice to tell."""
    kept = changes
    for change in changes:
        without = tuple(one for one in kept if one is not change)
        if without:
            state = trial.state_after(without)
            if state is None:
                return ()
            kept = without if state is DebtState.CLEAR else kept
    return kept


def _payments(obstacle: _Obstacle) -> Iterable[Change]:
    """The invoice is paid in full."""
    yield obstacle.change(ChangeKind.PAYMENT, obstacle.asked_minor)


def _arrivals(obstacle: _Obstacle) -> Iterable[Change]:
    """What is on its way arrives (its event was perhaps missed), and the rest is paid."""
    rest = obstacle.asked_minor
    for payment in obstacle.claim.payments:
        amount, _ = payment.in_flight_minor(obstacle.balance.currency, obstacle.claim.ids)
        if amount > 0:
            rest -= amount
            seen = {payment.key, *payment.ledger_ids} - {f"ledger:{one}" for one in payment.ledger_ids}
            yield obstacle.change(ChangeKind.ARRIVAL, amount, sorted(seen))
    if rest > 0:
        yield obstacle.change(ChangeKind.PAYMENT, rest)


def _taken_back(obstacle: _Obstacle) -> Iterable[Change]:
    """A lost dispute is won after all, or a reversal is undone; an invoice without either is paid."""
    lost, reversed_minor = obstacle.claim.lost, obstacle.claim.net_reversal_minor
    if lost:
        amount = sum(dispute.amount for dispute in lost)
        yield obstacle.change(ChangeKind.DISPUTE_WON, amount, sorted(dispute.id for dispute in lost))
    elif reversed_minor:
        yield obstacle.change(ChangeKind.REVERSAL_UNDONE, reversed_minor)
    else:
        yield from _payments(obstacle)


def _easings(trial: _Trial, obstacles: tuple[_Obstacle, ...], state: DebtState) -> Iterable[Way]:
    """What people may decide without money: each only where the rules confirm a milder state. Grace restricts nothing
    and a write-off does, so that one is no relief there."""
    written_off = tuple(
        obstacle.change(ChangeKind.WRITE_OFF, obstacle.balance.collectible_minor)
        for obstacle in obstacles
        if state is not DebtState.GRACE and obstacle.claim.ledger is not None and obstacle.balance.collectible_minor
    )
    until = midnight(trial.now, PROMISED.days)
    for changes in (
        (Change(ChangeKind.PROMISE_TO_PAY, until=until),) if until is not None else (),
        (Change(ChangeKind.ENFORCEMENT_OFF, until=until),),
        written_off,
    ):
        after = trial.state_after(changes) if changes else None
        if after is not None and after.severity < state.severity:
            yield Way(changes, after)


def _why_not(obstacles: tuple[_Obstacle, ...]) -> str:
    """Why nothing clears: only Stripe knows the invoice, and a lost dispute there is undone by nobody but the bank."""
    ids = ", ".join(one for obstacle in obstacles for one in sorted(obstacle.claim.ids))
    return f"Nothing that the rules know of would clear {ids}: a person has to settle what the stores say of it."


def _rows(facts: Facts) -> int:
    stripe = facts.stripe
    of_stripe = len(stripe.invoices) + len(stripe.payment_intents) + len(stripe.charges) + len(stripe.disputes)
    return 1 + len(facts.invoices) + len(facts.payments) + len(facts.adjustments) + of_stripe
