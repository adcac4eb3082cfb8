"""Hand tasks out to the workers and wait until all are done, by what the database says is still open.

A task that got lost (its queue was emptied, its worker died) is handed out again: doing one twice changes nothing.
"""

import time
from collections.abc import Callable

LOOK_AGAIN_SECONDS = 0.25
AGAIN_AFTER_SECONDS = 60.0
GIVE_UP_AFTER_SECONDS = 600.0


class NobodyWorks(Exception):
    """Not one task was done for a long time. What is open stays open and can be gone on with."""

    def __init__(self, open_tasks: int) -> None:
        super().__init__(
            f"None of {open_tasks} open tasks was done in {GIVE_UP_AFTER_SECONDS / 60:.0f} minutes: "
            "see that a Celery worker runs and has the same REDIS_URL, then start this again."
        )


def hand_out(
    open_ids: Callable[[], list[int]], enqueue: Callable[[int], None], *, at_once: int, tell: Callable[[int], None]
) -> None:
    """At most `at_once` tasks are with the workers at a time; `tell` hears how many are left. Raises NobodyWorks."""
    handed: set[int] = set()
    left, moved_at, given_at = -1, time.monotonic(), time.monotonic()
    while waiting := open_ids():
        if len(waiting) != left:
            left, moved_at = len(waiting), time.monotonic()
            tell(left)
        if time.monotonic() - moved_at > GIVE_UP_AFTER_SECONDS:
            raise NobodyWorks(left)
        if time.monotonic() - max(moved_at, given_at) > AGAIN_AFTER_SECONDS:
            handed.clear()
        handed &= set(waiting)
        for id in [id for id in waiting if id not in handed][: at_once - len(handed)]:
            enqueue(id)
            handed.add(id)
            given_at = time.monotonic()
        time.sleep(LOOK_AGAIN_SECONDS)
    tell(0)
