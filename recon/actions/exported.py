"""Give rows out as a file, and record who took what: that it began, and how many rows went out."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from recon.apply.record import Entry, record

Row = TypeVar("Row")


def exported(
    rows: Iterable[Row], *, reason: str, query: Mapping[str, str], actor: str, request_id: str
) -> Iterator[Row]:
    """Every row as it is read. The first entry is kept before the first row leaves, the second also when whoever asked
    went away in the middle."""
    number, is_whole = 0, False

    def told(action: str, after: dict[str, Any]) -> None:
        record(Entry(actor=actor, action=action, reason=reason, after=after, request_id=request_id))

    told("export.begun", {"filter": dict(query)})
    try:
        for row in rows:
            number += 1
            yield row
        is_whole = True
    finally:
        told("export.made", {"filter": dict(query), "rows": number, "whole": is_whole})
