"""How many calls a token has made in this minute, counted in Valkey for all web processes together.

What is allowed very often is counted by a batch: a process takes some numbers at once and gives one to each call. No
number is given twice, so the limit is never passed; what a process has taken and not given away when the minute ends is
missing from it, a batch at the most.

Without Valkey nobody is held up: what is counted is comfort, and a product asks what its users may use.
"""

import logging
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from redis.exceptions import RedisError

from recon import bootstrap

log = logging.getLogger(__name__)

WINDOW_SECONDS: Final = 60
LEFT_ALONE_SECONDS: Final = 5.0  # a counter that did not answer: it is not waited for at every call
MOST_AT_ONCE: Final = 100
SHARE_AT_ONCE: Final = 1_000  # of the limit: a thousandth, so that a small one is counted call by call


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


class _Taken:
    """Numbers that this process has taken of a window: counter's key → those not given away yet."""

    window = 0
    by_key: dict[str, deque[int]] = {}


def count_call(token_id: int, kind: str, *, limit: int, now: datetime) -> Counted | None:
    """None when it could not be counted."""
    if time.monotonic() < _Silence.until:
        return None
    seconds = int(now.timestamp())
    window = seconds // WINDOW_SECONDS
    key = f"{settings.RECON_INSTANCE}:calls:{kind}:{token_id}:{window}"
    try:
        number = _next_number(key, window, max(1, min(MOST_AT_ONCE, limit // SHARE_AT_ONCE)))
    except RedisError:
        _Silence.until = time.monotonic() + LEFT_ALONE_SECONDS
        log.warning("calls are not counted: Valkey does not answer")
        return None
    return Counted(number, limit, WINDOW_SECONDS - seconds % WINDOW_SECONDS)


def _next_number(key: str, window: int, at_once: int) -> int:
    """Threads need no lock: a deque gives each number to one of them. Raises RedisError."""
    if _Taken.window != window:
        _Taken.window, _Taken.by_key = window, {}
    mine = _Taken.by_key.setdefault(key, deque())
    try:
        return mine.popleft()
    except IndexError:
        first, *others = _take(key, at_once)
        mine.extend(others)
        return first


def _take(key: str, at_once: int) -> range:
    with bootstrap.call_counter().pipeline(transaction=False) as pipe:
        pipe.incrby(key, at_once)
        pipe.expire(key, 2 * WINDOW_SECONDS)
        last = int(pipe.execute()[0])
    return range(last - at_once + 1, last + 1)
