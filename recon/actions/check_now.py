"""Look now, because somebody asked: do the six stores answer, and does a worker?"""

from collections.abc import Callable
from datetime import datetime

from recon import bootstrap
from recon.actions.check_stores import check_stores
from recon.actions.take_pulse import call_workers


def check_now(*, clock: Callable[[], datetime]) -> None:
    """What came back is kept, where the status page reads it."""
    check_stores(bootstrap.readers(), clock=clock)
    call_workers(now=clock())
