"""The write gate's limits on what is written without a person (T16)."""

from datetime import datetime, timedelta
from typing import Final

CONFIRMED_AFTER: Final = timedelta(minutes=15)
SEVERE_WITHIN: Final = timedelta(hours=1)
MOST_SEVERE: Final = 100
MOST_SEVERE_PERCENT: Final = 1
SAME_PLAN_AGAIN_AFTER: Final = timedelta(hours=1)
"""A plan that came to nothing is not tried again in each round."""


def is_confirmed(*, changed_at: datetime, evaluated_at: datetime) -> bool:
    """Was the same outcome found twice, a quarter of an hour apart?"""
    return evaluated_at - changed_at >= CONFIRMED_AFTER


def is_too_many(severe: int, accounts: int) -> bool:
    """Do so many accounts with a severe plan within the hour stop all automatic severe repairs?"""
    return severe > MOST_SEVERE or 100 * severe > MOST_SEVERE_PERCENT * accounts


def most_severe(accounts: int) -> int:
    """The largest number that is not too many."""
    return min(MOST_SEVERE, MOST_SEVERE_PERCENT * accounts // 100)
