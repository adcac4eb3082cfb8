"""The protocol's model: no interleaving breaks it, none gets stuck, and each rule left out is missed."""

import pytest

from tests.apply.model import CLOSED, Rules, World, alone, explore, start, violations

BROKEN = list(Rules._fields)


@pytest.mark.parametrize("stripe_refuses", [False, True])
@pytest.mark.parametrize("recoverers", [1, 2])
def test_no_interleaving_breaks_it(recoverers: int, stripe_refuses: bool) -> None:
    worlds = 0
    for world in explore(start(recoverers, stripe_refuses=stripe_refuses), Rules()):
        assert violations(world) == [], world
        worlds += 1
    assert worlds > (500, 5_000)[recoverers - 1]


@pytest.mark.parametrize("stripe_refuses", [False, True])
def test_one_more_recovery_finishes_whatever_is_left(stripe_refuses: bool) -> None:
    for world in explore(start(1, stripe_refuses=stripe_refuses), Rules()):
        end = alone(world, Rules())
        assert _is_settled(end), (world, end)


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_is_needed(rule: str) -> None:
    broken = Rules()._replace(**{rule: False})
    worlds = (world for refuses in (False, True) for world in explore(start(2, stripe_refuses=refuses), broken))
    assert any(violations(world) or _is_left_prepared(world) for world in worlds)


def _is_settled(world: World) -> bool:
    return world.state in CLOSED and "prepared" not in world.stores and violations(world) == []


def _is_left_prepared(world: World) -> bool:
    """Closed, everybody gone after a full recovery, and a store still holds locks."""
    gone = all(actor.at == "gone" for actor in world.actors)
    return gone and world.state == "aborted" and "prepared" in world.stores and world.actors[-1].epoch == -1
