"""Count the drift, and keep the count as a point of its course: what the home page reads instead of every account.

A point holds the numbers at one moment, how many changes of each kind there were until then since the course began, and
the last change that it has seen; so the numbers of any later moment are the point's and the few changes after it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from recon.models import DriftPoint
from recon.queries.clusters import cluster_sizes
from recon.queries.drift import DriftNumbers, drift_numbers
from recon.queries.points import Point, changes_after, counts_of, latest_point, totals_now

EVERY = timedelta(hours=1)
# Whoever keeps a change holds this lock in common until it is committed: none is half in the numbers.
COUNTING = "select pg_advisory_xact_lock(hashtextextended('the drift is counted', 0))"


def keep_point(*, now: datetime) -> DriftNumbers:
    """The numbers now. Where nothing changed within the hour, the last point stands for this moment too."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(COUNTING)
        last = latest_point()
        changes = changes_after(last)
        numbers = drift_numbers()
        counts = counts_of(numbers, totals_now(last, changes), changes.last_change)
        counts["clusters"] = cluster_sizes().as_json()
        if _is_due(last, counts, now):
            DriftPoint.objects.create(at=now, counts=counts)
    return numbers


def _is_due(last: Point | None, counts: Mapping[str, Any], now: datetime) -> bool:
    """Never before the last one: a clock that was set back keeps no point until it has caught up."""
    return last is None or (now > last.at and (counts != last.counts or now - last.at >= EVERY))
