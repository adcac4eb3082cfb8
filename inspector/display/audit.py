"""The audit page: entries in words, newest first, and one entry with what seals it."""

import hashlib
import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from inspector.display.audit_filter import Asked, Field, fields, options, who_field
from inspector.display.changes import Change, changes
from inspector.display.deeds import action_word, actor_words
from inspector.display.moments import age_words
from inspector.display.option import Option
from inspector.display.proof import Badge
from inspector.display.words import Word
from recon.queries.audit import AuditLine, SealedEntry

SHOWN_CHANGES = 6
CSV_HEAD = ("seq", "at", "actor", "action", "account", "reason", "before", "after", "request_id", "apply_id")


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry in words. `why` is what the engine said beside the person's reason; hrefs are empty where none is."""

    seq: int
    href: str
    at: str
    ago: str
    actor: str
    actor_code: str
    action: Word
    account_id: str
    account_href: str
    reason: str
    why: str
    changes: tuple[Change, ...]
    more_changes: int
    request_id: str
    request_href: str
    repair_href: str
    repair_entries_href: str
    undoes_href: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit. `older_href` is empty on the last page, `first_href` on the first.

    `who` is None for whoever sees only their own entries."""

    badge: Badge
    sees_all: bool
    who: Field | None
    fields: tuple[Field, ...]
    options: tuple[Option, ...]
    problems: tuple[str, ...]
    is_filtered: bool
    lines: tuple[EntryLine, ...]
    older_href: str
    first_href: str
    csv_href: str


@dataclass(frozen=True, slots=True)
class Seal:
    """What seals an entry, and the command that computes it again. `is_whole`: it was, just now."""

    body: str
    prev: str
    hash: str
    command: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One entry. The neighbours' hrefs are empty for whoever sees only their own."""

    line: EntryLine
    seal: Seal
    earlier_href: str
    later_href: str


def audit_page(
    asked: Asked,
    lines: Sequence[AuditLine],
    actions: Sequence[str],
    *,
    badge: Badge,
    size: int,
    is_first: bool,
    now: datetime,
) -> AuditPage:
    """`lines` holds one more than a page where another page follows."""
    shown = lines[:size]
    in_url = dict(asked.in_url)
    sees_all = not asked.wanted.seen_by
    return AuditPage(
        badge=badge,
        sees_all=sees_all,
        who=who_field(in_url) if sees_all else None,
        fields=fields(in_url),
        options=options(actions, in_url.get("action", "")),
        problems=asked.problems,
        is_filtered=bool(in_url),
        lines=tuple(entry_line(line, now) for line in shown),
        older_href=_href("audit", **in_url, after=str(shown[-1].seq)) if len(lines) > size else "",
        first_href="" if is_first else _href("audit", **in_url),
        csv_href=_href("audit_csv", **in_url),
    )


def entry_page(entry: SealedEntry, *, sees_all: bool, now: datetime) -> EntryPage:
    seq = entry.line.seq
    return EntryPage(
        line=entry_line(entry.line, now, most=None),
        seal=Seal(
            body=entry.body,
            prev=entry.prev,
            hash=entry.hash,
            command=f"printf %s {shlex.quote(entry.sealed_text)} | sha256sum",
            is_whole=hashlib.sha256(entry.sealed_text.encode()).hexdigest() == entry.hash,
        ),
        earlier_href=reverse("audit_entry", args=[seq - 1]) if sees_all and seq > 1 else "",
        later_href=reverse("audit_entry", args=[seq + 1]) if sees_all else "",
    )


def entry_line(line: AuditLine, now: datetime, *, most: int | None = SHOWN_CHANGES) -> EntryLine:
    found = changes(line.before, line.after)
    shown = found[:most]
    after = line.after if isinstance(line.after, dict) else {}
    return EntryLine(
        seq=line.seq,
        href=reverse("audit_entry", args=[line.seq]),
        at=f"{line.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        ago=age_words(line.at, now),
        actor=actor_words(line.actor),
        actor_code=line.actor,
        action=action_word(line.action, is_undo="undoes" in after),
        account_id=line.account_id or "",
        account_href=href_or_none("account", line.account_id),
        reason=line.reason,
        why=str(after.get("why") or ""),
        changes=shown,
        more_changes=len(found) - len(shown),
        request_id=line.request_id,
        request_href=_href("audit", request=line.request_id) if line.request_id else "",
        repair_href=href_or_none("repair", line.apply_id),
        repair_entries_href=_href("audit", apply=line.apply_id) if line.apply_id else "",
        undoes_href=href_or_none("repair", after.get("undoes")),
    )


def csv_rows(lines: Iterable[AuditLine]) -> Iterator[Sequence[object]]:
    yield CSV_HEAD
    for line in lines:
        at = line.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        told = (line.seq, at, line.actor, line.action, line.account_id, line.reason)
        yield (*told, _json(line.before), _json(line.after), line.request_id, line.apply_id)


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _href(name: str, **parameters: str) -> str:
    return f"{reverse(name)}?{urlencode(parameters)}" if parameters else reverse(name)


def href_or_none(name: str, of: str | None) -> str:
    """The page of what an old entry names; empty where there is no such page (any more)."""
    try:
        return reverse(name, args=[of]) if of else ""
    except NoReverseMatch:
        return ""
