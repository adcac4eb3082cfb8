"""One event that was received, in words: what it names, what became of it, and which evaluations have seen it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse

from inspector.access import Permission
from inspector.display.audit import href_or_none
from inspector.display.failed import Rights, Typed, finding_text, why_nobody
from inspector.display.failed_filter import KINDS
from inspector.display.moments import age_words, moment_words, span_words
from inspector.display.words import STATES, STORES, Tone, Word, word
from recon.queries.received import Marked, ReceivedEvent, Sighting

_STATUSES: Final = {
    "routed": Word("routed", "Found its accounts", Tone.GOOD),
    "unrouted": Word("unrouted", "Looked for", Tone.WARN),
    "dead": Word("dead", "Given up", Tone.BAD),
    "ignored": Word("ignored", "Ignored", Tone.QUIET),
}


@dataclass(frozen=True, slots=True)
class MarkLine:
    """One account that it marked, and what came of that."""

    account_id: str
    href: str
    word: Word
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventPage:
    """`body` is empty where the reader may not see it, and `bodies` says why; `ignore_href` where nothing waits."""

    number: int
    name: str
    type: str
    status: Word
    facts: tuple[tuple[str, str], ...]
    why_nobody: tuple[str, ...]
    note: str
    marks: tuple[MarkLine, ...]
    findings: tuple[tuple[Word, str], ...]
    body: str
    bodies: Permission
    entries_href: str
    replay_href: str
    ignore_href: str
    rights: Rights
    typed: Typed


def event_page(event: ReceivedEvent, *, bodies: Permission, rights: Rights, typed: Typed, now: datetime) -> EventPage:
    name = event.name
    is_stray = event.status in {"dead", "unrouted"}
    return EventPage(
        number=name.id,
        name=name.event_id,
        type=name.type,
        status=word(event.status, _STATUSES),
        facts=tuple(_facts(event, now)),
        why_nobody=why_nobody(event.refs, event.at_stripe) if is_stray else (),
        note=event.note,
        marks=tuple(_mark(one, now) for one in event.marks),
        findings=tuple((word(one.kind, KINDS), finding_text(one)) for one in event.findings),
        body=json.dumps(event.body, indent=2, sort_keys=True, ensure_ascii=False) if bodies.allowed else "",
        bodies=bodies,
        entries_href=f"{reverse('audit')}?words={name.event_id}",
        replay_href=reverse("replay_event", args=[name.id]),
        ignore_href=reverse("ignore_event", args=[name.id]) if is_stray else "",
        rights=rights,
        typed=typed,
    )


def _facts(event: ReceivedEvent, now: datetime) -> Iterator[tuple[str, str]]:
    name = event.name
    yield "Sender", STORES.get(name.source, name.source)
    yield "Received", f"{moment_words(name.received_at)} UTC, {age_words(name.received_at, now)}"
    if event.occurred_at:
        late = name.received_at - event.occurred_at
        lag = f", {span_words(late)} before it came" if late.total_seconds() >= 1 else ""
        yield "Happened", f"{moment_words(event.occurred_at)} UTC by the sender's clock{lag}"
    yield "About", event.object_id or "nothing that it names"
    yield "Names", ", ".join(event.refs) or "nobody"
    if event.livemode is not None:
        yield "Mode", "live" if event.livemode else "test"
    if event.next_look:
        yield "Looked for", f"{event.looks} times in vain, again {age_words(event.next_look, now)}"
    yield "Body", f"sha256 {event.body_hash}"


def _mark(one: Marked, now: datetime) -> MarkLine:
    seen = Word("seen", "Seen", Tone.GOOD)
    last: tuple[str, ...] = ()
    if not one.is_answered:
        word_of, last = Word("waits", "Waits", Tone.WARN), ("It waits to be evaluated.",)
    elif one.sightings:
        word_of = seen
    elif one.seen_after:
        word_of, last = seen, (f"Evaluated {_when(one.seen_after, now)}, with too many events to name each.",)
    else:
        word_of, last = Word("ignored", "Ignored"), ("Somebody ignored what waited for this account.",)
    texts = tuple(_sighting(sighting, now) for sighting in one.sightings)
    return MarkLine(one.account_id, href_or_none("account", one.account_id), word_of, texts + last)


def _sighting(one: Sighting, now: datetime) -> str:
    if not one.changed:
        return f"Evaluated {_when(one.at, now)}: nothing had changed."
    outcome = word(one.state, STATES).text if one.state else "unknown"
    return f"Evaluated {_when(one.at, now)}: a new outcome, {outcome.lower()}."


def _when(moment: datetime, now: datetime) -> str:
    return f"{moment_words(moment)} UTC, {age_words(moment, now)}"
