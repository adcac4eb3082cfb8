"""The list of cases in words: open, waiting for a store's owner, accepted, over; and as rows of a file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from inspector.access import Person
from inspector.display.audit import href_or_none
from inspector.display.case_decisions import KINDS, SUBJECTS, DecisionView, decision_views, owner_words
from inspector.display.moments import moment_words, span_words
from inspector.display.option import Option
from inspector.display.words import FINDINGS, STATES, STORES, UNKNOWN_STATE, Word, number_words, word
from recon.queries.cases import CaseQuery, Decision, OpenCase, OpenKey, OpenPage, Part, Standing
from recon.words import storable

LONGEST: Final = 200
A_DAY: Final = timedelta(days=1)
PARTS: Final[Mapping[Part, str]] = {
    Part.OPEN: "Open",
    Part.WAITING: "Waiting for an owner",
    Part.ACCEPTED: "Accepted",
    Part.OVER: "Over",
}
_LEADS: Final[Mapping[Part, str]] = {
    Part.OPEN: "What the rules found and no rule may settle, the longest standing first. Open an account to decide.",
    Part.WAITING: "Decided. The owner of the store acts, and the next evaluation that no longer finds it closes it.",
    Part.ACCEPTED: "Let be until a day. Nobody applies the plan before it, and the account is in no queue.",
    Part.OVER: "Closed by what the stores then said, or ended by a person.",
}
_EMPTY: Final[Mapping[Part, str]] = {
    Part.OPEN: "No case is open.",
    Part.WAITING: "Nothing waits for an owner.",
    Part.ACCEPTED: "Nothing is accepted.",
    Part.OVER: "No decision is over yet.",
}
HEAD: Final = (
    "decision",
    "account",
    "finding",
    "says",
    "refs",
    "decided",
    "owner",
    "since",
    "days",
    "to_do",
    "call",
    "reference",
    "reason",
    "decided_by",
    "until",
)


@dataclass(frozen=True, slots=True)
class Field:
    """One filter: its parameter, its name, and what can be chosen."""

    parameter: str
    name: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Tab:
    text: str
    number: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class OpenLine:
    """One open case. `is_new`: it has not stood for a day, and may settle by itself."""

    account_id: str
    href: str
    name: Word
    texts: tuple[str, ...]
    state: Word
    is_locked_out: bool
    since: str
    since_at: str
    is_new: bool
    decided: str


@dataclass(frozen=True, slots=True)
class CasesPage:
    """`lines` are open cases, `decisions` the others. `next_href` is empty on the last page, `first_href` on the
    first, `csv_href` where there is nothing to hand over."""

    tabs: tuple[Tab, ...]
    lead: str
    fields: tuple[Field, ...]
    part: str
    is_filtered: bool
    clear_href: str
    csv_href: str
    lines: tuple[OpenLine, ...]
    decisions: tuple[DecisionView, ...]
    is_over: bool
    empty: str
    next_href: str
    first_href: str


def asked_cases(query: Mapping[str, str]) -> CaseQuery:
    """Out of a URL's parameters; a word that nobody knows asks for nothing."""
    part = query.get("part", "")
    return CaseQuery(
        part=Part(part) if part in set(Part) else Part.OPEN,
        finding=_known(query, "finding", SUBJECTS),
        kind=_known(query, "kind", KINDS),
        owner=_known(query, "owner", STORES),
    )


def open_key(text: str) -> OpenKey | None:
    """The key that stands in the URL; what is none begins at the beginning."""
    parts = storable(text, LONGEST).split("~", 2)
    return OpenKey(parts[0], parts[2], parts[1]) if len(parts) == 3 and parts[1] in FINDINGS else None


def open_page(
    wanted: CaseQuery, page: OpenPage, counts: Standing, found: int | None, *, is_first: bool, now: datetime
) -> CasesPage:
    next_key = f"{page.next.since}~{page.next.finding}~{page.next.account}" if page.next else ""
    lines = tuple(_open_line(one, now) for one in page.lines)
    return _page(wanted, counts, found, lines=lines, next_key=next_key, is_first=is_first)


def decided_page(
    wanted: CaseQuery, rows: Sequence[Decision], counts: Standing, found: int | None, reader: Person, *,
    size: int, is_first: bool, now: datetime,
) -> CasesPage:  # fmt: skip
    """`rows` holds one more than a page where another follows."""
    next_key = str(rows[size - 1].id) if len(rows) > size else ""
    shown = decision_views(rows[:size], reader, now)
    return _page(wanted, counts, found, decisions=shown, next_key=next_key, is_first=is_first)


def csv_rows(rows: Iterable[Decision], now: datetime) -> Iterator[tuple[object, ...]]:
    """One row a decision: what its owner is to do."""
    yield HEAD
    for one in rows:
        yield (
            one.id,
            one.account_id,
            one.finding,
            one.text,
            " ".join(one.refs),
            one.kind.value,
            one.owner,
            one.at.isoformat(),
            (now - one.at).days,
            one.told.get("sentence"),
            one.told.get("call"),
            one.params.get("reference"),
            one.reason,
            one.decided_by,
            one.until.isoformat() if one.until else None,
        )


def _page(
    wanted: CaseQuery,
    counts: Standing,
    found: int | None,
    *,
    lines: tuple[OpenLine, ...] = (),
    decisions: tuple[DecisionView, ...] = (),
    next_key: str,
    is_first: bool,
) -> CasesPage:
    in_url = in_url_of(wanted)
    is_filtered = bool(wanted.finding or wanted.kind or wanted.owner)
    return CasesPage(
        tabs=tuple(_tabs(wanted, counts, found)),
        lead=_LEADS[wanted.part],
        fields=tuple(_fields(wanted)),
        part=wanted.part.value,
        is_filtered=is_filtered,
        clear_href=_href(in_url_of(CaseQuery(wanted.part))),
        csv_href="" if wanted.part is Part.OPEN else f"{reverse('cases_csv')}?{urlencode(in_url)}",
        lines=lines,
        decisions=decisions,
        is_over=wanted.part is Part.OVER,
        empty="" if lines or decisions else "Nothing here matches." if is_filtered else _EMPTY[wanted.part],
        next_href=_href(in_url | {"after": next_key}) if next_key else "",
        first_href="" if is_first else _href(in_url),
    )


def in_url_of(wanted: CaseQuery) -> dict[str, str]:
    part = "" if wanted.part is Part.OPEN else wanted.part.value
    given = {"part": part, "finding": wanted.finding, "kind": wanted.kind, "owner": wanted.owner}
    return {name: value for name, value in given.items() if value}


def _tabs(wanted: CaseQuery, counts: Standing, found: int | None) -> Iterator[Tab]:
    numbers = {Part.WAITING: counts.waiting, Part.ACCEPTED: counts.accepted}
    if found is not None:
        numbers[Part.OPEN] = max(found - counts.cases, 0)
    for part, text in PARTS.items():
        number = number_words(numbers[part]) if part in numbers else ""
        yield Tab(text, number, _href(in_url_of(CaseQuery(part))), part is wanted.part)


def _fields(wanted: CaseQuery) -> Iterator[Field]:
    findings = FINDINGS if wanted.part is Part.OPEN else SUBJECTS
    yield _field("finding", "Case", {code: one.text for code, one in findings.items()}, wanted.finding)
    if wanted.part in {Part.WAITING, Part.OVER}:
        yield _field("kind", "Decision", {code.value: text for code, text in KINDS.items()}, wanted.kind)
        yield _field("owner", "Owner", {store: owner_words(store) for store in STORES}, wanted.owner)


def _field(parameter: str, name: str, texts: Mapping[str, str], chosen: str) -> Field:
    options = (Option(code, text, code == chosen) for code, text in texts.items())
    return Field(parameter, name, (Option("", "any", not chosen), *options))


def _open_line(one: OpenCase, now: datetime) -> OpenLine:
    href = href_or_none("account", one.account_id)
    return OpenLine(
        account_id=one.account_id,
        href=f"{href}#cases" if href else "",
        name=word(one.finding, FINDINGS),
        texts=one.texts or ("It was found before; since then not every store could be read.",),
        state=word(one.state, STATES) if one.is_known else UNKNOWN_STATE,
        is_locked_out=one.harm_rank == 0,
        since=span_words(now - one.since),
        since_at=moment_words(one.since),
        is_new=now - one.since < A_DAY,
        decided=f"{one.decided} decided already" if one.decided else "",
    )


def _known(query: Mapping[str, str], name: str, known: Iterable[str]) -> str:
    value = query.get(name, "")
    return value if value in {str(one) for one in known} else ""


def _href(query: Mapping[str, str]) -> str:
    return f"{reverse('cases')}{'?' if query else ''}{urlencode(query)}"
