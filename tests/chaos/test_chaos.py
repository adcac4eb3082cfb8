"""Two hundred crashes; `make chaos` makes thousands."""

import random

import pytest

from tests.chaos.bugs import BUGS, Bug
from tests.chaos.campaign import Case, Manner, Totals, cases, run, trace_of
from tests.chaos.scenarios import BY_NAME, SCENARIOS, Scenario
from tests.chaos.world import World

SEED = 20260320
RUNS = 150
UNHURT = [Case(scenario, Manner.UNHURT, None, SEED) for scenario in SCENARIOS]


@pytest.mark.parametrize("case", UNHURT, ids=lambda case: case.scenario.name)
def test_a_run_that_nobody_kills_ends_as_it_should(world: World, case: Case) -> None:
    assert run(world, case, Totals()) == []


def test_whoever_is_killed_wherever_nothing_is_half_done(world: World) -> None:
    totals = Totals()
    left_out = (Manner.UNHURT, Manner.SERVERS_KILLED)  # the servers are not this test's alone
    every = [case for case in cases(world, _quick(), SEED) if case.manner not in left_out]
    for case in random.Random(SEED).sample(every, RUNS):
        run(world, case, totals)
    assert totals.inconsistent == []
    assert (totals.runs, totals.prepared_left) == (RUNS, 0)
    assert totals.hits > RUNS // 2


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_seen(world: World, bug: Bug) -> None:
    assert any(run(world, case, Totals(), bug) for case in _where(world, bug))


def _quick() -> list[Scenario]:
    """Those in which nobody waits for Stripe."""
    return [scenario for scenario in SCENARIOS if "silence" not in scenario.name and "timeout" not in scenario.name]


def _where(world: World, bug: Bug) -> list[Case]:
    scenario, manner = BY_NAME[bug.scenario], Manner(bug.manner)
    if manner is Manner.UNHURT:
        return [Case(scenario, manner, None, SEED)]
    return [Case(scenario, manner, step, SEED) for step in range(1, len(trace_of(world, scenario).steps) + 1)]
