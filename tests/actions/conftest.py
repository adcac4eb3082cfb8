"""The six stores on real servers, read by a clock that stands still."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.support.cases import story
from tests.support.twin import TwinUnderTest, twin, twin_server

__all__ = ["twin", "twin_server"]

NOW = datetime(2026, 3, 20, tzinfo=UTC)


@pytest.fixture
def sweeper_at(twin: TwinUnderTest, stores_clean: None, db: None) -> Callable:
    """`sweeper_at(now)`: a sweeper whose clock stands there, on six empty stores and our empty database."""
    from recon.actions.evaluate import Rules  # models may be imported once Django is set up
    from recon.actions.sweep import Sweeper
    from recon.engine.policy import Policy
    from tests.support.six import six_stores

    def build(now: datetime = NOW, policy: Policy | None = None) -> Sweeper:
        return Sweeper(six_stores(twin, lambda: now), Rules(policy or PRO, livemode=False), lambda: now)

    PRO = Policy(plans={"price_pro": "pro"})
    return build


@pytest.fixture
def told(load_case: Callable, twin: TwinUnderTest) -> Callable:
    """`told("paid_after_suspension", 7)`: the story, of account acc_7, in all six stores."""

    def tell(stem: str, number: int = 1) -> dict:
        case = story(stem, number)
        load_case(case)
        twin.load_case(case)
        return case

    return tell


@pytest.fixture
def sync(sweeper_at: Callable) -> Callable:
    """Fills the mirror as of the sweeper's clock."""
    from recon.actions.sync_stripe import Pace, sync_stripe
    from recon.engine.facts import StoreName

    def fill(sweeper: object) -> None:
        stripe = sweeper.stores[StoreName.STRIPE]
        sync_stripe(stripe, clock=sweeper.clock, pace=Pace(10_000), report=lambda *_: None)

    return fill
