"""Give a queue out as a file, and record who took what: that it began, and how many rows went out."""

from collections.abc import Iterator, Mapping
from typing import Any

from recon.apply.record import Entry, record
from recon.queries.queue import QueueFilter, QueueLine, Sort, every_account

REASON = "export of a queue"


def export_queue(
    wanted: QueueFilter, *, sort: Sort, query: Mapping[str, str], actor: str, request_id: str = ""
) -> Iterator[QueueLine]:
    """Every line as it is read. The first entry is kept before the first line leaves, the second also when whoever
    asked went away in the middle."""
    rows, is_whole = 0, False
    _record("export.begun", {"filter": dict(query)}, actor, request_id)
    try:
        for line in every_account(wanted, sort=sort):
            rows += 1
            yield line
        is_whole = True
    finally:
        _record("export.made", {"filter": dict(query), "rows": rows, "whole": is_whole}, actor, request_id)


def _record(action: str, after: dict[str, Any], actor: str, request_id: str) -> None:
    record(Entry(actor=actor, action=action, reason=REASON, after=after, request_id=request_id))
