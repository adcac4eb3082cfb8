"""Facts change, events come, plans are approved, processes die, all at once; then it gets quiet, and is looked at."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from recon.actions import equipment
from recon.actions.approve import approve_plan
from recon.actions.run_sweep import Reports, run_sweep, work_here
from recon.models import AccountState, Apply, Dirty, Evaluation, InboxFinding, Recompute
from tests.chaos import settled
from tests.chaos.fleet import WORKERS, Fleet
from tests.chaos.nemesis import Nemesis
from tests.chaos.outside import NOTED, Outside
from tests.chaos.sender import Sender

APPROVE_EVERY_SECONDS = 0.7
LOOK_SECONDS = 0.5
QUIET_LOOKS = 3
LAST_CHANGES = 25
LAST_KILLS = 3
WORK_SECONDS = (1.0, 4.0)
STARTS_WITHIN_SECONDS = 15.0
REPAIRED_WITHIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Settled:
    """What a campaign did, and what it found."""

    accounts: int
    changes: int
    events_in: int
    requests: int
    duplicates: int
    permutations: int
    lost_on_purpose: int
    forged_refused: int
    unanswered: int
    never_known: int
    findings: dict[str, int]
    kills: dict[str, int]
    fell_by_themselves: dict[str, int]
    approvals: int
    applies: dict[str, int]
    recomputes: int
    evaluations: int
    parked: int
    stale_before_the_sweep: int
    lost_updates: int
    double_applies: int
    undelivered: int
    prepared_left: int
    seconds_to_quiescence: float
    breaches: list[str] = field(default_factory=list)


class Storm:
    """One campaign on a fleet; three threads of ours beside the senders'."""

    def __init__(self, fleet: Fleet, *, seed: int, rate: float, rounds: int) -> None:
        self._fleet = fleet
        self._rate = rate
        self._rounds = rounds
        self._chances = [random.Random(f"{seed} {what}") for what in ("outside", "sender", "nemesis", "approver")]
        self._outside = Outside(fleet.env, self._chances[0])
        self._outside.look_around()
        quiet = frozenset(NOTED)
        self._sender = Sender(fleet.port, settings.STRIPE_WEBHOOK_SECRETS[0], self._chances[1], quiet)
        self._kills: Counter[str] = Counter()
        self._ends = threading.Event()
        self._approvals: set[UUID] = set()
        self._broken: list[str] = []

    def rage(self, seconds: float) -> None:
        nemesis = Nemesis(self._fleet, self._chances[2], seconds=seconds, rounds=self._rounds)
        self._kills = nemesis.kills
        works: list[Callable[[], None]] = [self._change, self._approve, lambda: nemesis.rage(self._ends)]
        threads = [threading.Thread(target=self._guarded, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        self._ends.wait(seconds)
        self._ends.set()
        for thread in threads:
            thread.join()

    def settle(self, within_seconds: float) -> Settled:
        began = time.monotonic()
        deadline = began + within_seconds
        self._fleet.start_everything()
        connection.close()
        breaches = [*self._broken, *self._last_blow(deadline)]
        breaches += self._wait_for_rest(deadline)
        seconds = time.monotonic() - began
        self._sender.close()
        return self._judged(breaches, seconds)

    def _last_blow(self, deadline: float) -> list[str]:
        """Events that come while no worker runs, and then a broker that forgets: nobody rings for them any more.

        And workers that die again while they work it off, now that the broker forgets nothing; a burst is the end.
        """
        for worker in WORKERS:
            self._fleet.kill(worker)
        self._burst(LAST_CHANGES, seconds=0.0)
        all_sent = self._sender.wait_until_all_are_sent(deadline)
        self._fleet.flush_valkey()
        self._fleet.start_everything()
        for _ in range(LAST_KILLS):
            self._wait_until_they_work()
            self._burst(LAST_CHANGES, seconds=self._chances[2].uniform(*WORK_SECONDS))
            for worker in WORKERS:
                self._fleet.kill(worker)
            self._fleet.start_everything()
        self._burst(4 * LAST_CHANGES, seconds=WORK_SECONDS[1])
        for happened in self._outside.link_strangers():
            self._sender.tell(happened)
        all_sent &= self._sender.wait_until_all_are_sent(deadline)
        return [] if all_sent else ["not every event was accepted in time"]

    def _wait_until_they_work(self) -> None:
        """Workers take their time to start; whoever is killed before has nothing to lose."""
        before, patience = Recompute.objects.count(), time.monotonic() + STARTS_WITHIN_SECONDS
        while Recompute.objects.count() == before and time.monotonic() < patience:
            time.sleep(LOOK_SECONDS)

    def _burst(self, changes: int, *, seconds: float) -> None:
        for _ in range(changes):
            for happened in self._outside.change():
                self._sender.tell(happened)
            time.sleep(seconds / changes)

    def _change(self) -> None:
        while not self._ends.wait(self._chances[0].expovariate(self._rate)):
            for happened in self._outside.change():
                self._sender.tell(happened)

    def _approve(self) -> None:
        while not self._ends.wait(APPROVE_EVERY_SECONDS):
            try:
                self._approve_one()
            except (DatabaseError, InterfaceError, psycopg.Error):
                connection.close()
        connection.close()

    def _approve_one(self) -> None:
        plans = AccountState.objects.select_related("evaluation").filter(writes__gt=0).order_by("account_id")
        chosen = self._chances[3].choice(list(plans[:100]) or [None])
        if chosen is None:
            return
        evaluation = chosen.evaluation
        approved = approve_plan(
            chosen.account_id,
            digest=evaluation.digest,
            actor="user:admin",
            groups=["admin"],
            reason="the campaign",
            request_key=f"{time.monotonic()}",
            proposal=_proposal(evaluation),
        )
        if approved.apply_id is not None:
            self._approvals.add(approved.apply_id)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  a campaign that broke must say so at its end
            self._broken.append(f"{type(error).__name__}: {error}")

    def _wait_for_rest(self, deadline: float) -> list[str]:
        """Nothing to do, at a few looks in a row: a repair marks its account anew."""
        looks = 0
        admin, nobodies = self._fleet.env["SANDBOX_ADMIN_URL"], self._sender.tally.nobodies
        while looks < QUIET_LOOKS:
            self._fleet.look_after()
            rest = settled.left(admin, nobodies)
            looks = looks + 1 if rest.is_nothing else 0
            if time.monotonic() > deadline:
                return [f"it did not come to rest: {rest}"]
            time.sleep(LOOK_SECONDS)
        return []

    def _stale_for_good(self) -> dict[str, str]:
        """What the sweep found may be being repaired by the engine itself at this very moment."""
        first = settled.stale_accounts()
        if not first:
            return {}
        self._wait_for_rest(time.monotonic() + REPAIRED_WITHIN_SECONDS)
        return {account: how for account, how in settled.stale_accounts().items() if account in first}

    def _judged(self, breaches: list[str], seconds: float) -> Settled:
        tally = self._sender.tally
        stale = settled.stale_accounts()
        lost_updates = {account: how for account, how in stale.items() if account not in tally.lost_accounts}
        self._sweep()
        left_stale = self._stale_for_good()
        breaches += [f"{account} was lost: {how}" for account, how in lost_updates.items()]
        breaches += [f"{account} is stale after a sweep: {how}" for account, how in left_stale.items()]
        breaches += [*settled.lost_events(tally), *settled.broken_applies(), *tally.wrong_answers]
        doubles = settled.double_applies(self._fleet.env["STRIPE_TWIN_DATABASE_URL"])
        undelivered = settled.undelivered(self._fleet.lost_stream_at)
        prepared = settled.prepared(self._fleet.env["SANDBOX_ADMIN_URL"])
        breaches += doubles + [f"event {event} was not delivered" for event in undelivered]
        breaches += [f"the events of {account} are out of order" for account in settled.out_of_order()]
        breaches += [f"{prepared} transactions are still prepared"] if prepared else []
        breaches += [problem] if (problem := settled.audit_problem()) else []
        return Settled(
            accounts=AccountState.objects.count(),
            changes=tally.changes,
            events_in=len(tally.accepted),
            requests=tally.sent,
            duplicates=tally.duplicates,
            permutations=tally.overtaken,
            lost_on_purpose=tally.lost,
            forged_refused=tally.forged,
            unanswered=tally.unanswered,
            never_known=len(tally.nobodies),
            findings=dict(Counter(InboxFinding.objects.values_list("kind", flat=True))),
            kills=dict(sorted(self._kills.items())),
            fell_by_themselves=dict(Counter(self._fleet.fell)),
            approvals=len(self._approvals),
            applies=dict(sorted(Counter(Apply.objects.values_list("state", flat=True)).items())),
            recomputes=Recompute.objects.count(),
            evaluations=Evaluation.objects.count(),
            parked=Dirty.objects.filter(parked=True).count(),
            stale_before_the_sweep=len(stale),
            lost_updates=len(lost_updates | left_stale),
            double_applies=len(doubles),
            undelivered=len(undelivered),
            prepared_left=prepared,
            seconds_to_quiescence=round(seconds, 1),
            breaches=breaches,
        )

    def _sweep(self) -> None:
        sweeper = equipment.sweeper()
        silent = Reports(lambda *_: None, lambda *_: None)
        run_sweep(sweeper, actor="chaos", pace=equipment.pace(), work=work_here(lambda: sweeper), reports=silent)


def _proposal(evaluation: Evaluation) -> str | None:
    """The first of what it proposes for Stripe, where it proposes anything."""
    first: dict[str, Any] | None = next(iter(evaluation.proposals), None)
    return f"{first['verb']}:{first['object']}" if first else None
