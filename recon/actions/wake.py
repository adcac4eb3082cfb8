"""Wake a worker: a hint, sent after the commit, that may be lost.

What is to be done stands in the database, and the schedule finds it there; so a broker that is down delays, and loses
nothing.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from typing import Final

from django.db import transaction
from kombu.exceptions import OperationalError

from recon import bootstrap
from recon.under_way import carried

log = logging.getLogger(__name__)

RING_EVERY_SECONDS: Final = 0.25


def wake(task: str, *args: str) -> None:
    """The task by its name, with ids alone, once the transaction under way has committed."""
    transaction.on_commit(partial(_send, task, args))


def wake_later(task: str, wait: timedelta) -> None:
    """The same for a task without arguments, to be begun when so long has passed; nobody sleeps until then."""
    transaction.on_commit(partial(_send, task, (), wait.total_seconds()))


def wake_soon(task: str) -> None:
    """The same for a task without arguments that does all that is due: many hints at once become one.

    Whoever calls this does not wait for the broker, not even for one that is down.
    """
    transaction.on_commit(partial(_doorbell().ring, task))


class Doorbell:
    """Sends what was asked for from a thread of its own, each task at most once in a while; the last ask is kept."""

    def __init__(self, send: Callable[[str], None], pause: float = RING_EVERY_SECONDS) -> None:
        """`pause` is how many seconds lie between two rounds."""
        self._send = send
        self._pause = pause
        self._asked: set[str] = set()
        self._bell = threading.Condition()
        self._thread: threading.Thread | None = None

    def ring(self, task: str) -> None:
        with self._bell:
            self._asked.add(task)
            self._ensure_running()
            self._bell.notify()

    def _ensure_running(self) -> None:
        """A thread does not survive what `send` raises."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._bell:
                self._bell.wait_for(lambda: self._asked)
                asked, self._asked = self._asked, set()
            for task in sorted(asked):
                self._send(task)
            time.sleep(self._pause)


@cache
def _doorbell() -> Doorbell:
    return Doorbell(lambda task: _send(task, ()))


def _begin_anew() -> None:
    """A child has neither its parent's thread nor, for its own use, the parent's connections and locks."""
    _doorbell.cache_clear()
    bootstrap.task_sender.cache_clear()


os.register_at_fork(after_in_child=_begin_anew)


def _send(task: str, args: tuple[str, ...], wait: float | None = None) -> None:
    try:
        sender = bootstrap.task_sender()
        sender.send_task(task, args=args, countdown=wait, headers=carried(), ignore_result=True, retry=False)
    except OperationalError:
        log.warning("no worker was woken: the broker cannot be reached", extra={"woken": task})
