"""A queue as rows of a file: the codes as they are stored, amounts as minor units, one row an account and currency."""

from collections.abc import Iterable, Iterator

from inspector.display.verdict import harm
from recon.queries.queue import QueueLine

HEAD = (
    "account",
    "verdict",
    "state",
    "harm",
    "classes",
    "details",
    "findings",
    "currency",
    "owed_minor",
    "oldest_due_at",
    "drift_since",
    "cells",
    "writes",
    "risk",
    "claimed_by",
    "snoozed_until",
    "accepted_until",
)


def csv_rows(lines: Iterable[QueueLine]) -> Iterator[tuple[object, ...]]:
    """Amounts of two currencies stand in two rows, so that no column adds them; who owes nothing has one row."""
    yield HEAD
    for line in lines:
        for currency, minor in sorted((c, m) for c, m in line.owed.items() if m) or [("", 0)]:
            yield _row(line, currency, minor)


def _row(line: QueueLine, currency: str, minor: int) -> tuple[object, ...]:
    details = [*line.details, *(["contradictory"] if line.is_contradictory else [])]
    return (
        line.account_id,
        "known" if line.is_known else "unknown",
        line.state,
        harm(line.is_known, line.details, line.classes, line.drifted_cells).code,
        " ".join(line.classes),
        " ".join(details),
        " ".join(line.findings),
        currency,
        minor,
        line.oldest_due_at.isoformat() if line.oldest_due_at else None,
        line.drift_since.isoformat() if line.drift_since else None,
        line.drifted_cells,
        line.writes,
        line.risk,
        line.claimed_by,
        line.snoozed_until.isoformat() if line.snoozed_until else None,
        line.accepted_until.isoformat() if line.accepted_until else None,
    )
