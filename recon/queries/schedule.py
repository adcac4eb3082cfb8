"""When the schedule does something next."""

from datetime import datetime
from typing import cast

from celery.schedules import crontab

from recon.schedule import SCHEDULE


def next_sweep_at(now: datetime) -> datetime:
    """The next moment at which the schedule begins a sweep, where a beat runs."""
    schedule = cast(crontab, SCHEDULE["sweep"]["schedule"])
    begin, until_next, _ = schedule.remaining_delta(now)
    return cast(datetime, begin + until_next)
