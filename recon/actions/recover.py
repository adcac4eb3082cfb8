"""Settle what a crash left in doubt: every apply that nobody finishes, and late branches on the servers."""

from recon.actions import apply_equipment
from recon.apply.recovery import Recovered


def recover(*, whatever_lease: bool = False) -> Recovered:
    """By the schedule each minute; with `whatever_lease` also what a live coordinator still holds."""
    return apply_equipment.recovery().run(whatever_lease=whatever_lease)
