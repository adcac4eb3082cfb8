"""Wake a worker: a hint, sent after the commit, that may be lost.

What is to be done stands in the database, and the schedule finds it there; so a broker that is down delays, and loses
nothing.
"""

import logging
from functools import partial

from django.db import transaction
from kombu.exceptions import OperationalError

from recon import bootstrap

log = logging.getLogger(__name__)


def wake(task: str, *args: str) -> None:
    """The task by its name, with ids alone, once the transaction under way has committed."""
    transaction.on_commit(partial(_send, task, args))


def _send(task: str, args: tuple[str, ...]) -> None:
    try:
        bootstrap.task_sender().send_task(task, args=args, ignore_result=True, retry=False)
    except OperationalError:
        log.warning("no worker was woken: the broker cannot be reached", extra={"task": task})
