"""Settle what a crash left in doubt: every apply that nobody finishes, and late branches on the servers."""

import logging

from recon.actions import apply_equipment
from recon.apply.recovery import Recovered

log = logging.getLogger(__name__)


def recover(*, whatever_lease: bool = False) -> Recovered:
    """By the schedule, each quarter of a minute; with `whatever_lease` also what a live coordinator still holds."""
    report = apply_equipment.recovery().run(whatever_lease=whatever_lease)
    for alert in report.alerts:
        log.error("recovery needs a person: %s", alert)
    for sentence in report.unreachable:
        log.warning("recovery could not reach a store: %s", sentence)
    return report
