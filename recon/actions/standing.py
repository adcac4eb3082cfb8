"""Which findings stand, and since when: a case opens for a person when one has stood for 24 hours."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

CASE_OPENS_AFTER = timedelta(hours=24)


def standing_after(before: Mapping[str, Mapping[str, Any]], findings: Iterable[str], now: datetime) -> dict[str, Any]:
    """Finding → {since, opened}; one that is not found any more stands no longer."""
    after = {}
    for kind in findings:
        since = before[kind]["since"] if kind in before else now.astimezone(UTC).isoformat()
        has_stood = now - datetime.fromisoformat(since) >= CASE_OPENS_AFTER
        after[kind] = {"since": since, "opened": has_stood or (kind in before and before[kind]["opened"])}
    return after
