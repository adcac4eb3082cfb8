"""T0: were all six stores read, recently, and do we understand all that they said?"""

from collections.abc import Collection
from datetime import datetime, timedelta

from recon.engine.facts import Facts, Read
from recon.engine.values import rfc3339


def unreadable(facts: Facts, family: Collection[str]) -> list[tuple[str, str]]:
    """What makes the verdict unknown before any rule is asked: (place, reason) for each failed read and each value
    that nobody knows, of this account, of those merged into it, or of Stripe's objects."""
    failed = [
        (str(read.store), f"{read.store} could not be read: {read.reason}") for read in facts.reads if not read.ok
    ]
    unknown = [
        (problem.place, f"{problem.place}: {problem.reason}")
        for problem in facts.problems
        if problem.account_id is None or problem.account_id in family
    ]
    return failed + sorted(unknown)


def stale(facts: Facts, freshness: timedelta, now: datetime) -> list[tuple[str, str]]:
    """The readings older than `freshness`: on these nothing may be written while a cell differs."""
    return [
        (str(read.store), f"{read.store} was read at {rfc3339(read.as_of)}, more than {_minutes(freshness)} ago")
        for read in facts.reads
        if _is_stale(read, freshness, now) and read.as_of is not None
    ]


def _is_stale(read: Read, freshness: timedelta, now: datetime) -> bool:
    return read.as_of is not None and now - read.as_of > freshness


def _minutes(span: timedelta) -> str:
    return f"{int(span.total_seconds() // 60)} minutes"
