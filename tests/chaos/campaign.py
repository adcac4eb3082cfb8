"""Runs, counted: every scenario, every step, killed, killed with its recovery, frozen, or killed at a random moment."""

import random
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from recon.engine.pipeline import Evaluation
from recon.models import Apply, ApplyState
from tests.chaos import crash
from tests.chaos.bugs import NO_BUG, Bug
from tests.chaos.crash import Blow, Trace
from tests.chaos.invariants import Run, breaches
from tests.chaos.scenarios import BESIDE, Scenario
from tests.chaos.world import Subject, World, utc_now
from tests.support import applying

UNHURT = Blow()
MOST_RECOVERIES = 4


class Manner(StrEnum):
    """How the coordinator is hit."""

    UNHURT = "unhurt"
    KILLED = "killed"
    KILLED_TWICE = "killed, and a recovery too, beside another"
    FROZEN = "frozen, taken over, thawed"
    KILLED_ANYTIME = "killed at a random moment"
    SERVERS_KILLED = "all database servers killed, and started again"


@dataclass(frozen=True, slots=True)
class Case:
    """One run to be made; `seed` decides whatever is left to chance."""

    scenario: Scenario
    manner: Manner
    step: int | None
    seed: int


@dataclass(slots=True)
class Totals:
    """What a campaign found."""

    runs: int = 0
    points: set[tuple[str, int]] = field(default_factory=set)
    by_manner: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    hits: int = 0
    recoveries_hit: int = 0
    inconsistent: list[str] = field(default_factory=list)
    prepared_left: int = 0


def cases(world: World, scenarios: Sequence[Scenario], seed: int) -> Iterator[Case]:
    """Every step of every scenario in each manner; the steps are those of a run that nobody hits.

    Killing the servers takes seconds, so each scenario gets one of those.
    """
    chance = random.Random(seed)
    for scenario in scenarios:
        yield Case(scenario, Manner.UNHURT, None, chance.getrandbits(32))
        steps = len(trace_of(world, scenario).steps)
        yield Case(scenario, Manner.SERVERS_KILLED, chance.randint(1, steps), chance.getrandbits(32))
        for step in range(1, steps + 1):
            for manner in (Manner.KILLED, Manner.KILLED_TWICE, Manner.FROZEN, Manner.KILLED_ANYTIME):
                yield Case(scenario, manner, step, chance.getrandbits(32))


def trace_of(world: World, scenario: Scenario) -> Trace:
    """The steps of the scenario when nobody is hit."""
    trace, _ = _one(world, Case(scenario, Manner.UNHURT, None, 0), NO_BUG, Totals())
    return trace


def run(world: World, case: Case, totals: Totals, bug: Bug = NO_BUG) -> list[str]:
    """One run and what is wrong after it."""
    _, found = _one(world, case, bug, totals)
    totals.runs += 1
    totals.by_manner[case.manner] += 1
    if case.step is not None and case.manner is not Manner.KILLED_ANYTIME:
        totals.points.add((case.scenario.name, case.step))
    left = len(world.prepared())
    totals.prepared_left += left
    if found:
        where = f"{case.scenario.name} / {case.manner} / step {case.step} / seed {case.seed}"
        totals.inconsistent.append(f"{where}: {'; '.join(found)}")
    return found


def _one(world: World, case: Case, bug: Bug, totals: Totals) -> tuple[Trace, list[str]]:
    chance = random.Random(case.seed)
    subject = world.add_subject(case.scenario.kind)
    others = [world.add_subject() for _ in range(case.scenario.others)]
    before = _look(world, [subject, *others])
    for kind, path, times in case.scenario.faults(subject):
        world.trouble_stripe(kind, path, times)
    process = crash.coordinate(world, subject, others, case.scenario, _blow(case, chance), bug)
    trace = _until_its_end(world, case, process, chance, bug, totals)
    world.calm()
    _recover_fully(world, bug, subject.account_id)
    _carry_out_waiting(world, bug, subject.account_id)
    after = _look(world, [subject, *others])
    was_hit = trace.outcome is None or case.manner in (Manner.FROZEN, Manner.SERVERS_KILLED)
    totals.hits += was_hit
    apply = Apply.objects.filter(account_id=subject.account_id).first()
    totals.ends[apply.state if apply else "never begun"] += 1
    if case.manner is Manner.SERVERS_KILLED:
        trace = replace(trace, error=None)  # without our own database a coordinator may only give up
    found = breaches(world, Run(case.scenario, subject, before[subject], after[subject], trace, was_hit))
    for other in others:
        found += breaches(world, Run(BESIDE, other, before[other], after[other], trace, was_hit))
    return trace, found


def _look(world: World, subjects: Sequence[Subject]) -> dict[Subject, Evaluation]:
    return {subject: applying.evaluation(world.stores, subject.account_id, utc_now()) for subject in subjects}


def _blow(case: Case, chance: random.Random) -> Blow:
    if case.manner is Manner.UNHURT:
        return UNHURT
    if case.manner is Manner.KILLED_ANYTIME:
        return Blow(after_seconds=chance.uniform(0.0, 0.12))
    freezes = case.manner in (Manner.FROZEN, Manner.SERVERS_KILLED)
    return Blow(signal.SIGSTOP if freezes else signal.SIGKILL, at_step=case.step)


def _until_its_end(
    world: World, case: Case, process: crash.Process, chance: random.Random, bug: Bug, totals: Totals
) -> Trace:
    recovered = []
    if case.manner is Manner.FROZEN and process.is_frozen():
        recovered.append(crash.recover(world, UNHURT, bug).trace())
        process.thaw()
    if case.manner is Manner.SERVERS_KILLED and process.is_frozen():
        _kill_servers(world, process, thaw_first=chance.random() < 0.5)
    process.strike()
    trace = process.trace()
    if case.manner is Manner.KILLED_TWICE:
        for _ in range(chance.randint(1, 2)):
            blows = [Blow(at_step=chance.randint(1, 8)), *([UNHURT] if chance.random() < 0.5 else [])]
            rivals = [crash.recover(world, blow, bug) for blow in blows]
            recovered += [rival.trace() for rival in rivals]
    totals.recoveries_hit += sum(one.outcome is None and one.error is None for one in recovered)
    broken = next((one.error for one in recovered if one.error is not None), None)
    return replace(trace, error=trace.error or broken)


def _kill_servers(world: World, process: crash.Process, *, thaw_first: bool) -> None:
    """The coordinator goes on while they are down, or once they are up again with all its connections gone."""
    world.kill_servers()
    if thaw_first:
        process.thaw()
    world.start_servers()
    if not thaw_first:
        process.thaw()


def _recover_fully(world: World, bug: Bug, account_id: str) -> None:
    """Stripe answers again; recovery runs until it has nothing left to do, as its schedule would."""
    with bug.planted():
        for _ in range(MOST_RECOVERIES):
            report = applying.recovery(world.stores, utc_now).run(whatever_lease=True)
            if not report.waiting and not report.prepared_left:
                return


def _carry_out_waiting(world: World, bug: Bug, account_id: str) -> None:
    """What was approved before and not taken up, as the schedule finds it."""
    for apply in Apply.objects.filter(account_id=account_id, state=ApplyState.APPROVED):
        with bug.planted():
            applying.carry_out(applying.coordinator(world.stores, utc_now), apply.id)
