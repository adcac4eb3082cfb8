"""Times as people say them: aware datetimes, RFC 3339 strings or Stripe's epoch seconds in; UTC words out."""

from datetime import UTC, datetime, timedelta

Moment = datetime | str | int | None


def as_moment(value: Moment) -> datetime | None:
    """The moment as an aware UTC datetime; None stays None."""
    if value is None or value == "":
        return None
    if isinstance(value, int):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(UTC)


def date_words(value: Moment) -> str:
    """`2026-03-01`; an en dash for none."""
    moment = as_moment(value)
    return f"{moment:%Y-%m-%d}" if moment else "–"


def moment_words(value: Moment) -> str:
    """`2026-03-01 15:00`; an en dash for none; a text that is no time as it stands."""
    try:
        moment = as_moment(value)
    except ValueError:
        return str(value)
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "–"


def clock_words(value: Moment, now: datetime) -> str:
    """`14:03:21` today, else with its date."""
    moment = as_moment(value)
    if moment is None:
        return "–"
    return f"{moment:%H:%M:%S}" if moment.date() == now.astimezone(UTC).date() else f"{moment:%Y-%m-%d %H:%M:%S}"


def age_words(value: Moment, now: datetime) -> str:
    """`2 s ago`, `4 min ago`, `3 h ago`, `12 days ago`; `never` for none; the future as `in …`."""
    moment = as_moment(value)
    if moment is None:
        return "never"
    if moment > now + timedelta(seconds=1):
        return f"in {span_words(moment - now)}"
    return f"{span_words(now - moment)} ago" if now - moment >= timedelta(seconds=1) else "just now"


def span_words(length: timedelta) -> str:
    """`40 s`, `4 min`, `3 h`, `12 days`."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"
