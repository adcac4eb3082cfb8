"""The intake's model: no interleaving loses an update, none gets stuck, and each rule left out is missed."""

import pytest

from tests.actions.intake_model import Rules, alone, explore, start, violations

BROKEN = list(Rules._fields)
SMALL_FIRST = [
    (start(1, 2), False),
    (start(2, 2), False),
    (start(2, 2), True),
    (start(1, 1, sweeps=True), True),
    (start(2, 2, sweeps=True), True),
]


@pytest.mark.parametrize(
    ("changes", "workers", "sweeps", "fails", "at_least"),
    [
        pytest.param(4, 2, False, False, 80_000, marks=pytest.mark.long),
        (2, 3, False, False, 15_000),
        pytest.param(3, 3, False, False, 200_000, marks=pytest.mark.long),
        pytest.param(3, 2, False, True, 70_000, marks=pytest.mark.long),
        (2, 1, True, True, 50_000),
    ],
)
def test_no_interleaving_loses_an_update(changes: int, workers: int, sweeps: bool, fails: bool, at_least: int) -> None:
    worlds = 0
    for world in explore(start(changes, workers, sweeps=sweeps), Rules(), fails=fails):
        assert violations(world) == [], world
        worlds += 1
    assert worlds > at_least


@pytest.mark.parametrize("changes", [2, pytest.param(3, marks=pytest.mark.long)])
def test_one_worker_left_in_peace_answers_whatever_is_left(changes: int) -> None:
    for world in explore(start(changes, 2), Rules()):
        end = alone(world, Rules())
        assert end.parked_at is not None or (end.gen, end.kept) == (end.done_gen, end.facts), (world, end)


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_is_needed(rule: str) -> None:
    broken = Rules()._replace(**{rule: False})
    assert any(violations(world) for first, fails in SMALL_FIRST for world in explore(first, broken, fails=fails))
