"""Settle what a crash left in doubt: every apply that nobody finishes, and late branches on the servers."""

import logging

from django.utils import timezone

from recon.actions import apply_equipment
from recon.actions.restored import why_held
from recon.apply.recovery import Recovered

log = logging.getLogger(__name__)


def recover(*, whatever_lease: bool = False) -> Recovered:
    """By the schedule, each quarter of a minute; with `whatever_lease` also what a live coordinator still holds.

    Where our database was restored it only tells: what is presumed of the past would be a guess.
    """
    held, recovery = why_held(now=timezone.now()), apply_equipment.recovery()
    report = recovery.look() if held else recovery.run(whatever_lease=whatever_lease)
    if held:
        report.alerts.insert(0, held)
    for alert in report.alerts:
        log.error("recovery needs a person: %s", alert)
    for sentence in report.unreachable:
        log.warning("recovery could not reach a store: %s", sentence)
    return report
