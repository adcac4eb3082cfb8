"""A world on the run's own servers."""

from collections.abc import Iterator

import pytest

from recon.sandbox.cluster import Sandbox
from tests.chaos.world import World
from tests.support.twin import TwinUnderTest


@pytest.fixture
def world(transactional_db: None, stores_clean: None, sandbox: Sandbox, twin: TwinUnderTest) -> Iterator[World]:
    made = World(sandbox, twin)
    with made.constraints_that_refuse():
        yield made
    made.close()
