"""Arithmetic on moments that ends at the calendar's edge instead of failing: a store may hold the year 9999."""

from datetime import UTC, datetime, time, timedelta


def after(moment: datetime, span: timedelta) -> datetime | None:
    """`moment + span`; None beyond the year 9999, which is never."""
    try:
        return moment + span
    except OverflowError:
        return None


def midnight(moment: datetime, days: int) -> datetime | None:
    """Midnight UTC so many days after the moment's own day."""
    return after(datetime.combine(moment.date(), time(), UTC), timedelta(days=days))


def days_past_due(due_at: datetime | None, now: datetime) -> int:
    """DPD: 0 before midnight UTC after `due_at`'s day, then 1 and one more each day; 0 where there is no date."""
    return 0 if due_at is None else max(0, now.toordinal() - due_at.toordinal())
