"""Signs of life: whoever does this task is a worker, and was asked by the schedule; or answers when it is asked."""

import logging
from datetime import datetime

from kombu.exceptions import OperationalError

from recon import bootstrap
from recon.models import Pulse

log = logging.getLogger(__name__)


def take_pulse(*names: str, now: datetime) -> None:
    """`worker` and `beat` as they are named: heard of just now."""
    Pulse.objects.bulk_create(
        [Pulse(name=name, at=now) for name in names],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def call_workers(*, now: datetime, longest: float = 0.5) -> bool:
    """Asks all workers at once, without the schedule's help; whether any answered within so many seconds."""
    try:
        answers = bootstrap.task_sender().control.ping(timeout=longest)
    except OperationalError:
        log.warning("no worker was asked: the broker cannot be reached")
        return False
    if answers:
        take_pulse(Pulse.WORKER, now=now)
    return bool(answers)
