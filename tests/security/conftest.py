"""People and accounts as the pages' tests have them."""

from tests.inspector.conftest import keep, logged_in, quick_hashing, support

__all__ = ["keep", "logged_in", "quick_hashing", "support"]
