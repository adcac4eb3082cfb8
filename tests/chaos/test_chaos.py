"""A hundred crashes; `make chaos` makes thousands."""

import random

import pytest

from tests.chaos import crash
from tests.chaos.bugs import BUGS, NO_BUG, Bug
from tests.chaos.campaign import Case, Manner, Totals, cases, run, trace_of
from tests.chaos.crash import Blow
from tests.chaos.scenarios import BY_NAME, SCENARIOS, Scenario
from tests.chaos.world import World

SEED = 20260320
RUNS = 100
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
        return [Case(scenario, manner, None, SEED + attempt) for attempt in range(5)]
    steps = range(1, len(trace_of(world, scenario).steps) + 1)
    return [Case(scenario, manner, step, SEED) for _ in range(6) for step in steps]


def test_of_approvers_at_once_one_has_an_effect(world: World) -> None:
    scenario = BY_NAME["with a Stripe proposal"]
    for _ in range(5):
        subject = world.add_subject()
        rivals = [crash.coordinate(world, subject, [], scenario, Blow(), NO_BUG) for _ in range(3)]
        outcomes = sorted(rival.trace().outcome or "" for rival in rivals)
        assert outcomes == ["applied", "refused", "refused"]
        assert world.times_voided() == 1
