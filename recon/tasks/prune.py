"""Forget what is older than the settings keep, by the schedule each night."""

import logging
import time
from typing import Final

from celery import shared_task
from django.utils import timezone

from recon.actions import prune as pruning

log = logging.getLogger(__name__)

LONGEST_S: Final = 600  # well within what a task may take


@shared_task(name="recon.prune")
def prune() -> None:
    """What time does not suffice for is left to the next task, which follows at once."""
    until = time.monotonic() + LONGEST_S
    done = pruning.prune(now=timezone.now(), actor="task:prune", has_time=lambda: time.monotonic() < until)
    log.info("old rows were removed", extra={"removed": dict(done.removed), "is_whole": done.is_whole})
    if not done.is_whole:
        prune.delay()
