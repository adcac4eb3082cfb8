"""How many calls a token has made in this minute, counted in Valkey for all web workers together.

Without Valkey nobody is held up: what is counted is comfort, and a product asks what its users may use.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from redis.exceptions import RedisError

from recon import bootstrap

log = logging.getLogger(__name__)

WINDOW_SECONDS: Final = 60
LEFT_ALONE_SECONDS: Final = 5.0  # a counter that did not answer: it is not waited for at every call


@dataclass(frozen=True, slots=True)
class Counted:
    """Calls in this window, this one with them, and the seconds until the next window."""

    calls: int
    limit: int
    seconds_left: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.calls)

    @property
    def is_too_many(self) -> bool:
        return self.calls > self.limit


class _Silence:
    """Until when (monotonic) the counter is left alone."""

    until = 0.0


def count_call(token_id: int, kind: str, *, limit: int, now: datetime) -> Counted | None:
    """None when it could not be counted."""
    if time.monotonic() < _Silence.until:
        return None
    seconds = int(now.timestamp())
    key = f"{settings.RECON_INSTANCE}:calls:{kind}:{token_id}:{seconds // WINDOW_SECONDS}"
    try:
        with bootstrap.call_counter().pipeline(transaction=False) as pipe:
            pipe.incr(key)
            pipe.expire(key, 2 * WINDOW_SECONDS)
            calls = int(pipe.execute()[0])
    except RedisError:
        _Silence.until = time.monotonic() + LEFT_ALONE_SECONDS
        log.warning("calls are not counted: Valkey does not answer")
        return None
    return Counted(calls, limit, WINDOW_SECONDS - seconds % WINDOW_SECONDS)
