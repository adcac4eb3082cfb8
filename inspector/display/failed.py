"""What failed, in words: three lists, each with its filters, its ticks and one form that replays or ignores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from inspector.access import Permission
from inspector.display.audit import href_or_none
from inspector.display.because import because_words
from inspector.display.failed_filter import KINDS, Asked, Of, Picked, filters, key_words
from inspector.display.moments import age_words, moment_words
from inspector.display.words import Tone, Word, number_words, word
from recon.queries.failed import Counts, EventName, FailedAccount, OddEvent, StrayEvent

_PARKED: Final = Word("parked", "Parked", Tone.BAD, "Nobody tries again until something happens to it.")
_RETRIED: Final = Word("retried", "Tried again", Tone.WARN, "It is tried again by itself, a little later each time.")
_RUNNING: Final = Word("running", "Being tried", Tone.QUIET, "A worker has it at this moment.")
_STATUSES: Final = {
    "dead": Word("dead", "Given up", Tone.BAD, "Nobody was found within a day; nobody looks again by himself."),
    "unrouted": Word("unrouted", "Looked for", Tone.WARN, "Its account is looked for again by itself."),
}
_WORDS: Final = {
    Of.ACCOUNTS: "Account, or words of the error",
    Of.EVENTS: "Id that it has or names, or type",
    Of.FINDINGS: "Id that it has or names",
}


@dataclass(frozen=True, slots=True)
class EventLink:
    """One event by its name; the page of it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account that keeps failing. `tick` says in a form which it is, as it was seen; `why` what waits besides the
    `events`."""

    account_id: str
    tick: str
    href: str
    state: Word
    attempts: str
    error: str
    since: str
    since_at: str
    next_try: str
    events: tuple[EventLink, ...]
    more_events: str
    why: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event whose account is not known; `why_nobody` has a sentence for each id that it names."""

    number: int
    href: str
    name: str
    type: str
    status: Word
    received: str
    received_at: str
    why_nobody: tuple[str, ...]
    looks: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class FindingLine:
    """Something odd about an event, with what a person may do about it."""

    number: int
    event: EventLink
    kind: Word
    at: str
    text: str
    accounts: tuple[EventLink, ...]
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the three lists, and how long it is."""

    name: str
    number: str
    href: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Rights:
    """What the reader may do with what failed."""

    replay: Permission
    ignore: Permission


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form already, and what is wrong with it."""

    reason: str = ""
    problem: str = ""
    ticked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FailedPage:
    """One of the three lists is filled; `empty` is said where it has no line. `next_href` is empty on the last page."""

    lead: str
    tabs: tuple[Tab, ...]
    filters: tuple[Picked, ...]
    of: str
    words: str
    words_name: str
    is_filtered: bool
    all_href: str
    accounts: tuple[AccountLine, ...]
    events: tuple[EventLine, ...]
    findings: tuple[FindingLine, ...]
    empty: str
    next_href: str
    first_href: str
    replay_href: str
    ignore_href: str
    rights: Rights
    typed: Typed


def failed_page(
    asked: Asked,
    counts: Counts,
    lines: Sequence[FailedAccount] | Sequence[StrayEvent] | Sequence[OddEvent],
    *,
    rights: Rights,
    typed: Typed,
    size: int,
    now: datetime,
) -> FailedPage:
    """`lines` are those of the list that was asked for, one more than a page where another page follows."""
    shown, in_url = lines[:size], dict(asked.in_url)
    accounts = tuple(_account(one, typed, now) for one in shown if isinstance(one, FailedAccount))
    events = tuple(_event(one, typed, now) for one in shown if isinstance(one, StrayEvent))
    findings = tuple(_finding(one, typed, now) for one in shown if isinstance(one, OddEvent))
    return FailedPage(
        lead=_lead(counts),
        tabs=_tabs(counts, asked.of),
        filters=filters(asked),
        of=asked.of,
        words=asked.wanted.words,
        words_name=_WORDS[asked.of],
        is_filtered=asked.is_filtered,
        all_href=_href("failed", {"of": asked.of}),
        accounts=accounts,
        events=events,
        findings=findings,
        empty="" if shown else _empty(asked, counts),
        next_href=_href("failed", in_url | {"after": key_words(shown[-1])}) if len(lines) > size else "",
        first_href=_href("failed", in_url) if asked.is_later else "",
        replay_href=_href("replay_failed", in_url),
        ignore_href=_href("ignore_failed", in_url),
        rights=rights,
        typed=typed,
    )


def event_link(name: EventName) -> EventLink:
    return EventLink(f"{name.source} {name.type} {name.event_id}", reverse("event", args=[name.id]))


def why_nobody(refs: Sequence[str], at_stripe: frozenset[str]) -> tuple[str, ...]:
    """Why no account was found, a sentence for each id that the event names."""
    if not refs:
        return ("It names nobody.",)
    return tuple(_why_not_by(ref, ref in at_stripe) for ref in refs)


def _why_not_by(ref: str, is_at_stripe: bool) -> str:
    if not is_at_stripe:
        return f"{ref}: no store links it to an account, and Stripe has not shown it."
    if ref.startswith("cus_"):
        return f"{ref}: Stripe knows it, but its metadata names no account, and no store links it to one."
    return f"{ref}: Stripe knows it, but of no customer whom a store links to an account."


def _account(one: FailedAccount, typed: Typed, now: datetime) -> AccountLine:
    return AccountLine(
        account_id=one.account_id,
        tick=f"{one.gen}:{one.account_id}",
        href=href_or_none("account", one.account_id),
        state=_RUNNING if one.is_running else _PARKED if one.is_parked else _RETRIED,
        attempts=number_words(one.attempts),
        error=one.error or "Its worker ended without a word.",
        since=age_words(one.since, now),
        since_at=moment_words(one.since),
        next_try=_next_try(one, now),
        events=tuple(event_link(name) for name in one.events),
        more_events=number_words(one.more_events) if one.more_events else "",
        why=because_words(one.causes) if not one.events or _has_causes(one) else "",
        is_ticked=one.account_id in typed.ticked,
    )


def _has_causes(one: FailedAccount) -> bool:
    return any(cause["kind"] != "unknown" for cause in one.causes)


def _next_try(one: FailedAccount, now: datetime) -> str:
    if one.is_running:
        return "now"
    if one.next_try is None:
        return "when something happens to it, or by replay"
    return age_words(one.next_try, now) if one.next_try > now else "as soon as a worker is free"


def _event(one: StrayEvent, typed: Typed, now: datetime) -> EventLine:
    again = f", again {age_words(one.next_look, now)}" if one.next_look and one.next_look > now else ""
    return EventLine(
        number=one.name.id,
        href=reverse("event", args=[one.name.id]),
        name=f"{one.name.source} {one.name.event_id}",
        type=one.name.type,
        status=word(one.status, _STATUSES),
        received=age_words(one.name.received_at, now),
        received_at=moment_words(one.name.received_at),
        why_nobody=why_nobody(one.refs, one.at_stripe),
        looks=f"{number_words(one.looks)} time{'' if one.looks == 1 else 's'}{again}",
        is_ticked=str(one.name.id) in typed.ticked,
    )


def _finding(one: OddEvent, typed: Typed, now: datetime) -> FindingLine:
    return FindingLine(
        number=one.id,
        event=event_link(one.event),
        kind=word(one.kind, KINDS),
        at=age_words(one.at, now),
        text=finding_text(one),
        accounts=tuple(EventLink(account, href_or_none("account", account)) for account in one.accounts),
        is_ticked=str(one.id) in typed.ticked,
    )


def finding_text(one: OddEvent) -> str:
    """What is odd, and what is to be asked of whom."""
    if one.kind == "other_body":
        return (
            f"The first body was kept (sha256 {one.body_hash[:12]}…); the other has {one.other_hash[:12]}…; "
            "nothing was computed from either. Ask the sender why one id came twice."
        )
    customers = ", ".join(ref for ref in one.refs if ref.startswith("cus_")) or "Its customer"
    return f"{customers} is linked to more than one account; each was evaluated. Settle whose customer it is."


def _lead(counts: Counts) -> str:
    if not (counts.accounts or counts.events or counts.findings):
        return "Nothing failed. What cannot be evaluated or given to an account comes here and waits for a person."
    return "Nothing here is lost: it waits until somebody replays it, or ignores it with a reason."


def _tabs(counts: Counts, of: Of) -> tuple[Tab, ...]:
    named = {
        Of.ACCOUNTS: ("Accounts", counts.accounts),
        Of.EVENTS: ("Events without an account", counts.events),
        Of.FINDINGS: ("Odd events", counts.findings),
    }
    return tuple(
        Tab(name, number_words(number), _href("failed", {"of": one}), one is of)
        for one, (name, number) in named.items()
    )


def _empty(asked: Asked, counts: Counts) -> str:
    if asked.is_filtered or asked.is_later:
        return "Nothing here matches."
    if not (counts.accounts or counts.events or counts.findings):
        return "Nothing failed."
    return {
        Of.ACCOUNTS: "No account keeps failing.",
        Of.EVENTS: "Every event has found its account, or has been looked for less than an hour.",
        Of.FINDINGS: "No event is odd.",
    }[asked.of]


def _href(name: str, query: Mapping[str, str]) -> str:
    return f"{reverse(name)}?{urlencode(query)}"
