"""The six stores on real servers, read by a clock that stands still."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

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
        return Sweeper(six_stores(twin, lambda: now), Rules(policy or Policy(), livemode=False), lambda: now)

    return build
