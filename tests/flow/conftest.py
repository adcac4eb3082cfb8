"""The whole flow on real servers: the fixtures of the actions."""

from tests.actions.conftest import sweeper_at, told
from tests.support.twin import twin, twin_server

__all__ = ["sweeper_at", "told", "twin", "twin_server"]
