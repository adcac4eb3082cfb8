"""The timeline of one account, merged over all stores, events and repairs: newest first, a page at a time.

The order is that in which we learned of things; what happened before a store was first read, or by the calendar alone,
stands at its own time. A page costs two queries, whatever stands before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from recon.queries.happenings import Entry, Happenings, Kind, happenings
from recon.queries.sayings import Sayings, Tables, sayings

PAGE = 20
MOST_SKIPPED = 2_000
"""Entries of one moment that a cursor may skip: a store's first words about a large account are fewer."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: at a moment, after so many of that moment's entries."""

    at: datetime
    skipped: int

    def __str__(self) -> str:
        return f"{int(self.at.timestamp() * 1_000_000)}.{self.skipped}"


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page; `after` is None on the last one."""

    entries: tuple[Entry, ...]
    after: Cursor | None


def cursor_of(text: str) -> Cursor | None:
    """The cursor that stands in an address; what is none begins at the beginning."""
    micros, _, skipped = text.partition(".")
    if not (micros.isascii() and micros.isdigit() and skipped.isascii() and skipped.isdigit() and len(text) < 30):
        return None
    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(micros))
    except OverflowError:
        return None
    return Cursor(at, min(int(skipped), MOST_SKIPPED))


def timeline(
    account_id: str,
    latest: Mapping[str, Tables],
    *,
    now: datetime,
    kinds: Sequence[Kind] = tuple(Kind),
    after: Cursor | None = None,
    limit: int = PAGE,
) -> Timeline:
    """`latest` are the tables that each store says now."""
    after = after or Cursor(now, 0)
    ours = happenings(account_id, kinds, until=after.at, most=limit + after.skipped + 1)
    theirs = Sayings((), None)
    if Kind.STORES in kinds:
        theirs = sayings(account_id, latest, until=after.at, now=now, most=limit + after.skipped + 1)
    return _page(ours, theirs, after, limit)


def _page(ours: Happenings, theirs: Sayings, after: Cursor, limit: int) -> Timeline:
    """Down to where every source was read, and no further: else a gap would look like silence."""
    whole_from = max((one for one in (ours.whole_from, theirs.whole_from) if one is not None), default=None)
    merged = sorted((*ours.entries, *theirs.entries), key=lambda entry: entry.order, reverse=True)[after.skipped :]
    if whole_from is None or whole_from >= after.at:
        told = merged
    else:
        told = [entry for entry in merged if entry.at > whole_from]
    shown = tuple(told[:limit])
    if len(told) > limit or (shown and whole_from == after.at):
        return Timeline(shown, _end_of(shown, after))
    return Timeline(shown, None if whole_from is None or whole_from >= after.at else Cursor(whole_from, 0))


def _end_of(shown: Sequence[Entry], after: Cursor) -> Cursor:
    end = shown[-1].at
    return Cursor(end, sum(entry.at == end for entry in shown) + (after.skipped if after.at == end else 0))
