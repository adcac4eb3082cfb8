"""The timeline in words: days, lines with both clocks, the filter, and the links to more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from urllib.parse import urlencode

from django.urls import reverse

from inspector.display.deeds import actor_words
from inspector.display.happened import Said, said_words
from inspector.display.moments import moment_words, span_words
from inspector.display.words import STORES, Tone, Word
from recon.queries.happenings import Entry, Kind
from recon.queries.timeline import Cursor, Timeline, cursor_of

LATE = timedelta(days=1)
"""Seen so much later than it happened, a line is marked: no sweep takes so long."""
SOON = timedelta(minutes=1)
"""Seen within this, both clocks say the same."""
ANCHOR = "timeline"
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the timeline a page was asked for; `others` are the page's other switches, which its links keep."""

    kind: Kind | None
    after: Cursor | None
    others: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry. `clock` is its place in the day, `lag` how much later it was seen, marked where `is_late`."""

    clock: str
    iso: str
    source: Word
    said: Said
    actor: str
    happened: str
    lag: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class Day:
    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind of lines that can be chosen."""

    text: str
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class TimelineView:
    """`more_href` is empty on the last page, `first_href` on the first; `empty` is said where there is no line."""

    days: tuple[Day, ...]
    choices: tuple[Choice, ...]
    more_href: str
    first_href: str
    empty: str


def asked_for(query: Mapping[str, str]) -> Asked:
    """Out of a URL's parameters; what is none of ours asks for everything from the newest on."""
    others = {name: query[name] for name in ("only", "facts") if query.get(name)}
    return Asked(_KINDS.get(query.get("kind", "")), cursor_of(query.get("timeline", "")), others)


def timeline_view(account_id: str, found: Timeline, asked: Asked, *, sees_audit: bool) -> TimelineView:
    """Without `sees_audit`, what others did is told and leads nowhere."""
    days = groupby(found.entries, key=lambda entry: entry.at.date())
    return TimelineView(
        days=tuple(
            Day(f"{day:%A}, {day:%Y-%m-%d}", tuple(_line(one, account_id, sees_audit) for one in of))
            for day, of in days
        ),
        choices=tuple(_choices(account_id, asked)),
        more_href=_href(account_id, asked, asked.kind, found.after) if found.after is not None else "",
        first_href=_href(account_id, asked, asked.kind, None) if asked.after is not None else "",
        empty="Nothing further back." if asked.after is not None else "Nothing of this kind has happened yet.",
    )


def _choices(account_id: str, asked: Asked) -> Iterable[Choice]:
    yield Choice("All", _href(account_id, asked, None, None), asked.kind is None)
    for kind in Kind:
        yield Choice(kind.capitalize(), _href(account_id, asked, kind, None), asked.kind is kind)


def _href(account_id: str, asked: Asked, kind: Kind | None, after: Cursor | None) -> str:
    query = dict(asked.others)
    if kind is not None:
        query["kind"] = kind
    if after is not None:
        query["timeline"] = str(after)
    return f"{reverse('account', args=[account_id])}{'?' if query else ''}{urlencode(query)}#{ANCHOR}"


def _line(entry: Entry, account_id: str, sees_audit: bool) -> Line:
    lag, said = _lag(entry), said_words(entry, account_id)
    if entry.what == "audited" and not sees_audit:
        said = replace(said, href="")
    return Line(
        clock=f"{entry.at:%H:%M}",
        iso=entry.at.isoformat(),
        source=_source(entry),
        said=said,
        actor=actor_words(entry.actor) if entry.actor else "",
        happened=moment_words(entry.happened_at) if entry.happened_at and lag >= SOON else "",
        lag=span_words(lag) if lag >= SOON else "",
        is_late=lag >= LATE,
    )


def _lag(entry: Entry) -> timedelta:
    if entry.happened_at is None or entry.seen_at is None:
        return timedelta()
    return entry.seen_at - entry.happened_at


_OURS = {
    "evaluated": Word("evaluated", "Verdict"),
    "recomputed": Word("recomputed", "Verdict"),
    "event_out": Word("event_out", "Event out"),
    "event_in": Word("event_in", "Event in"),
    "approved": Word("approved", "Repair"),
    "closed": Word("closed", "Repair"),
    "audited": Word("audited", "Audit"),
    "noted": Word("noted", "Note", Tone.QUIET),
}


def _source(entry: Entry) -> Word:
    return _OURS.get(entry.what) or Word(entry.source, STORES.get(entry.source, entry.source))
