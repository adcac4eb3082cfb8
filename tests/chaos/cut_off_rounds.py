"""One round of `cut_off.py`: accounts go wrong everywhere, a bulk repair begins, a host is cut off, all of it is looked
at, and the host comes back."""

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from typing import Any, Final
from uuid import UUID

import psycopg
from django.core.management import call_command

from recon import bootstrap
from recon.actions import equipment
from recon.actions.apply_equipment import evaluate_live
from recon.actions.draft_bulk_proposals import ProposalsOf, draft_bulk_proposals
from recon.actions.draft_bulk_repair import Selection
from recon.actions.recompute import recompute_account
from recon.actions.start_bulk_repair import approve_bulk_repair, start_bulk_repair
from recon.actions.steer_bulk_repair import Steer, steer_bulk_repair
from recon.apply.steps import Step
from recon.engine.facts import StoreName
from recon.engine.pipeline import Evaluation
from recon.models import LIVE_STATES, Apply, ApplyState, BulkRepair, BulkRepairItem, BulkState, Trigger
from recon.queries.bulk import outcomes_of
from recon.sandbox.cluster import Sandbox
from recon.sandbox.logins import ensure_logins
from recon.sandbox.repairing import begin
from recon.sandbox.twin import state
from tests.chaos import settled
from tests.chaos.hosts import SEALED, Crew, lost_sessions
from tests.chaos.invariants import side
from tests.chaos.network import Cut, cut, mend
from tests.support.applying import wrong_everywhere
from tests.support.load import load_rows
from tests.support.stores import connect_as_owner, empty_stores

LOOK_SECONDS: Final = 0.2
STRUCK_WITHIN_SECONDS: Final = 15.0
RECOVERED_WITHIN_SECONDS: Final = 240.0
RESUME_AFTER_SECONDS: Final = 3.0
STEPS: Final = (
    SEALED, Step.PREPARE_SENT, Step.BRANCH_PREPARED, Step.ALL_PREPARED, Step.COMMIT_DECIDED, Step.COMMIT_SENT,
    Step.BRANCH_COMMITTED, Step.ALL_COMMITTED, Step.READ_BACK, Step.CLOSED, Step.CLAIMED, Step.WRITES_SENT,
    Step.WRITES_CHECKED, Step.LOCKED, Step.RECOMPUTED,
)  # fmt: skip
"""Where a host is cut off: first where it would hurt most."""
ASKING: Final = (Step.CALL_INTENDED, Step.CALL_ANSWERED, Step.PIVOT_SETTLED)
"""The same of a run that asks Stripe to void an invoice of each account, which cannot be taken back."""
GOVERNS: Final = ("user:admin", ["admin"])
STARTS: Final = ("user:finance", ["finance"])
WHY: Final = "the campaign"


@dataclass(frozen=True, slots=True)
class Round:
    """`step`: None is any moment. `back_after` so many seconds the host is back; None: when all is done without it."""

    crew: int
    cut: Cut
    step: str | None
    back_after: float | None


@dataclass(slots=True)
class Seen:
    """What a round was and how long things took, in seconds from the cut on."""

    what: str
    accounts: int
    in_flight: int = 0
    settled_seconds: float | None = None
    standstill_seconds: float | None = None
    finished_seconds: float | None = None
    forgotten_seconds: float | None = None
    back_seconds: float | None = None
    resumed: int = 0
    stopped_by: list[str] = field(default_factory=list)
    handed_out: dict[int, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    inconsistent: int = 0
    prepared_left: int = 0
    double_applies: int = 0
    breaches: list[str] = field(default_factory=list)


def rounds_of(chance: random.Random, options: argparse.Namespace) -> Iterator[Round]:
    """Of four, one is cut off in part, at any step; the others wholly, two at one step after another, and one while it
    asks Stripe."""
    partly = [one for one in Cut if one is not Cut.ALL]
    steps, asking = cycle(STEPS), cycle(ASKING)
    for number in range(options.rounds):
        what = partly[number // 4 % len(partly)] if number % 4 == 2 else Cut.ALL
        its = (steps, steps, None, asking)[number % 4]
        step = next(its) if its is not None else chance.choice((*STEPS, None))
        back = chance.choice((None, None, 4.0, 20.0, 45.0))
        yield Round(
            crew=chance.randrange(2),
            cut=Cut[options.cut] if options.cut else what,
            step=options.step or step,
            back_after=back,
        )


class Town:
    """The stores, and the two hosts that repair them."""

    def __init__(self, sandbox: Sandbox, crews: Sequence[Crew], *, accounts: int) -> None:
        self._env = sandbox.env()
        self._sandbox = sandbox
        self._crews = crews
        self._accounts = accounts
        self._numbers = iter(range(1, 10**9))
        self._admin = psycopg.connect(self._env["SANDBOX_ADMIN_URL"], autocommit=True)

    def prepare(self) -> None:
        self._sandbox.recreate_ours()
        call_command("migrate", verbosity=0, skip_checks=True)
        ensure_logins()
        empty_stores(self._env)
        with psycopg.connect(self._env["STRIPE_TWIN_DATABASE_URL"]) as twin:
            state.reset(twin)

    def live_through(self, chosen: Round) -> Seen:
        crew = self._crews[chosen.crew]
        before = self._go_wrong()
        seen = Seen(f"{crew.host.name}, {chosen.cut}, at {chosen.step or 'any moment'}", len(before))
        run_id = self._begin(crew, chosen, sorted(before))
        struck = self._strike(crew, chosen, run_id)
        self._watch(crew, chosen, run_id, struck, seen)
        self._come_back(crew, seen)
        seen.breaches += [f"{seen.what}: {told}" for told in self._breaches(run_id, before, seen)]
        return seen

    def breaches_at_rest(self) -> Iterator[str]:
        """Of all rounds together."""
        yield from settled.broken_applies()
        if problem := settled.audit_problem():
            yield problem
        yield from (f"{account} is stale: {how}" for account, how in settled.stale_accounts().items())

    def _go_wrong(self) -> Mapping[str, Evaluation]:
        """New accounts, wrong in every store, and what the rules say of them."""
        numbers = [next(self._numbers) for _ in range(self._accounts)]
        owners = {store.value: connect_as_owner(store, self._env) for store in StoreName if store != StoreName.STRIPE}
        with psycopg.connect(self._env["STRIPE_TWIN_DATABASE_URL"]) as twin:
            for number in numbers:
                case = wrong_everywhere(f"acc-{number:06}", number)
                load_rows(case, owners.__getitem__)
                state.load(twin, case["stores"]["stripe"])
        for owner in owners.values():
            owner.close()
        found = {}
        for number in numbers:
            account_id, now = f"acc-{number:06}", datetime.now(UTC)
            recompute_account(
                account_id,
                stores=bootstrap.stores(),
                rules=equipment.rules(),
                now=now,
                trigger=Trigger.PERSON,
                actor=GOVERNS[0],
            )
            found |= self._look([account_id])
        return found

    def _look(self, account_ids: Sequence[str]) -> dict[str, Evaluation]:
        return evaluate_live(account_ids, bootstrap.stores(), equipment.rules(), datetime.now(UTC))

    def _begin(self, crew: Crew, chosen: Round, account_ids: Sequence[str]) -> int:
        run_id = self._begin_asking(account_ids) if chosen.step in ASKING else begin(account_ids)
        assert run_id is not None, "nobody may repair them"
        if chosen.step:
            self._wait_until(lambda: BulkRepair.objects.get(id=run_id).done >= 5, STRUCK_WITHIN_SECONDS)
            crew.arm(chosen.step)
        return run_id

    def _begin_asking(self, account_ids: Sequence[str]) -> int | None:
        """One whose repairs void an invoice in Stripe too."""
        now, wanted = datetime.now(UTC), ProposalsOf(selection=Selection(account_ids=account_ids))
        drafted = draft_bulk_proposals(wanted, actor=STARTS[0], groups=STARTS[1], request_key="", now=now)
        if drafted.run_id is not None:
            typed = str(len(account_ids))
            start_bulk_repair(drafted.run_id, actor=STARTS[0], groups=STARTS[1], reason=WHY, now=now, final_calls=typed)
            approve_bulk_repair(drafted.run_id, actor=GOVERNS[0], groups=GOVERNS[1], reason=WHY, now=now)
        return drafted.run_id

    def _strike(self, crew: Crew, chosen: Round, run_id: int) -> float:
        """Cuts the host off; when that was."""
        if chosen.step is None:
            middle = self._accounts // 3
            self._wait_until(lambda: BulkRepair.objects.get(id=run_id).done >= middle, STRUCK_WITHIN_SECONDS)
            cut(crew.host, chosen.cut)
            return time.monotonic()
        halted = crew.wait_until_halted(STRUCK_WITHIN_SECONDS)
        crew.disarm()
        cut(crew.host, chosen.cut)
        struck = time.monotonic()
        if halted is not None:
            halted.close()
        return struck

    def _watch(self, crew: Crew, chosen: Round, run_id: int, struck: float, seen: Seen) -> None:
        """Until the run is done and what was in flight is settled; the host comes back on its way when it is due."""
        in_flight = self._in_flight()
        seen.in_flight = len(in_flight)
        done = BulkRepair.objects.get(id=run_id).done
        while seen.finished_seconds is None or seen.settled_seconds is None or seen.forgotten_seconds is None:
            passed = time.monotonic() - struck
            if passed > RECOVERED_WITHIN_SECONDS:
                seen.breaches.append(f"{seen.what}: not recovered after {passed:.0f} seconds")
                return
            if chosen.back_after is not None and passed > chosen.back_after:
                mend(crew.host)
            run = BulkRepair.objects.get(id=run_id)
            if seen.settled_seconds is None and not self._in_flight() & in_flight:
                seen.settled_seconds = passed
            if seen.standstill_seconds is None and (run.done > done or run.state == BulkState.DONE):
                seen.standstill_seconds = passed
            if seen.finished_seconds is None and run.state == BulkState.DONE:
                seen.finished_seconds = passed
            if seen.forgotten_seconds is None and (
                not crew.host.cuts or not lost_sessions(self._admin, crew.host, chosen.cut)
            ):
                seen.forgotten_seconds = passed
            self._let_go_on(run, seen)
            time.sleep(LOOK_SECONDS)

    def _let_go_on(self, run: BulkRepair, seen: Seen) -> None:
        """A run that stopped by itself waits for a person, who has looked."""
        if run.state == BulkState.PAUSED:
            time.sleep(RESUME_AFTER_SECONDS)
            actor, groups = GOVERNS
            why = f"The host is cut off, as we know. It said: {run.stop_reason}"
            steer_bulk_repair(run.id, Steer.RESUME, actor=actor, groups=groups, reason=why, now=datetime.now(UTC))
            seen.resumed += 1
            seen.stopped_by.append(run.stop_reason)

    def _come_back(self, crew: Crew, seen: Seen) -> None:
        mend(crew.host)
        try:
            seen.back_seconds = crew.wait_until_it_works(within_seconds=120.0)
        except TimeoutError as error:
            seen.breaches.append(f"{seen.what}: {error}")

    def _in_flight(self) -> set[UUID]:
        unfinished = Apply.objects.filter(state__in=LIVE_STATES).exclude(state=ApplyState.APPROVED)
        return set(unfinished.values_list("id", flat=True))

    def _breaches(self, run_id: int, before: Mapping[str, Evaluation], seen: Seen) -> Iterator[str]:
        if not self._wait_until(lambda: self._left().is_nothing, RECOVERED_WITHIN_SECONDS):
            yield f"it did not come to rest: {self._left()}"
        seen.prepared_left = settled.prepared(self._env["SANDBOX_ADMIN_URL"])
        seen.handed_out = dict(
            Counter(BulkRepairItem.objects.filter(bulk_repair=run_id).values_list("tries", flat=True))
        )
        seen.outcomes = outcomes_of(run_id)
        half = list(self._half_done(run_id, before))
        doubles = settled.double_applies(self._env["STRIPE_TWIN_DATABASE_URL"])
        seen.inconsistent, seen.double_applies = len(half), len(doubles)
        yield from half
        yield from doubles
        yield from self._still_locked()
        if problem := settled.audit_problem():
            yield problem

    def _left(self) -> settled.Left:
        return settled.left(self._env["SANDBOX_ADMIN_URL"], ())

    def _half_done(self, run_id: int, before: Mapping[str, Evaluation]) -> Iterator[str]:
        """A1: each account is repaired in all stores, by one apply, or in none."""
        after = self._look(sorted(before))
        items = {item.account_id: item for item in BulkRepairItem.objects.filter(bulk_repair=run_id)}
        for account, was in before.items():
            held = {side(was, after[account], store) for store in StoreName}
            done = Apply.objects.filter(account_id=account, state=ApplyState.DONE).count()
            if (held, done) not in (({"new"}, 1), ({"old"}, 0)):
                yield f"{account} is {held} by {done} applies: {items[account].outcome} {items[account].explanation}"

    def _still_locked(self) -> Iterator[str]:
        """Nobody who is at rest holds an account, or a transaction open."""
        query = """
            SELECT datname, client_addr::text, state, round(extract(epoch from now() - state_change)), left(query, 90)
            FROM pg_stat_activity
            WHERE now() - state_change > interval '5 seconds' AND client_addr IS NOT NULL AND (
                state LIKE 'idle in transaction%'
                OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted))
        """
        for held in self._admin.execute(query):
            yield f"somebody at rest holds locks: {held}"

    def _wait_until(self, is_so: Any, within_seconds: float) -> bool:
        until = time.monotonic() + within_seconds
        while time.monotonic() < until:
            with suppress(psycopg.Error):
                if is_so():
                    return True
            time.sleep(LOOK_SECONDS)
        return False
