"""The audit's filters as they stand in the URL, as the query asks them, and as a form shows them."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from inspector.display.deeds import action_word
from inspector.display.option import Option
from recon.actors import KINDS, person
from recon.queries.audit import AuditFilter
from recon.words import storable

TROUBLED: Final = "troubled"
NAMES: Final = ("actor", "action", "account", "from", "to", "words", "request", "apply")
LONGEST: Final = 200
DAY: Final = re.compile(r"[1-2]\d{3}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form; `kind` is the type of its input."""

    parameter: str
    name: str
    kind: str
    value: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for: `in_url` as they wrote it, `problems` in sentences where that means nothing."""

    wanted: AuditFilter
    in_url: Mapping[str, str]
    problems: tuple[str, ...]


def asked(parameters: Mapping[str, str], *, seen_by: str) -> Asked:
    """`seen_by` empty: the reader may see everybody's entries."""
    given = {name: storable(parameters.get(name, ""), LONGEST) for name in NAMES}
    problems: list[str] = []
    since, until = (_day(given[name], name, problems) for name in ("from", "to"))
    wanted = AuditFilter(
        seen_by=seen_by,
        actor=as_actor(given["actor"]),
        action="" if given["action"] == TROUBLED else given["action"],
        is_troubled=given["action"] == TROUBLED,
        account=given["account"],
        since=since,
        until=until + timedelta(days=1) if until else None,
        words=given["words"],
        apply_id=_uuid(given["apply"], problems),
        request_id=given["request"],
    )
    return Asked(wanted, {name: value for name, value in given.items() if value}, tuple(problems))


def as_actor(typed: str) -> str:
    """A name alone is a person's."""
    return typed if not typed or typed.startswith(KINDS) else person(typed)


def who_field(in_url: Mapping[str, str]) -> Field:
    return Field("actor", "Who", "text", in_url.get("actor", ""), "a name, or task:…")


def fields(in_url: Mapping[str, str]) -> tuple[Field, ...]:
    """What stands in the form behind who and what."""
    shown = (
        Field("account", "Account", "text", "", "acc_…"),
        Field("from", "From", "date", ""),
        Field("to", "To", "date", ""),
        Field("words", "Words of the reason", "text", ""),
        Field("request", "Request id", "text", ""),
        Field("apply", "Repair", "text", "", "its id"),
    )
    return tuple(replace(one, value=in_url.get(one.parameter, "")) for one in shown)


def options(actions: Sequence[str], chosen: str) -> tuple[Option, ...]:
    first = [("", "any"), (TROUBLED, "failed and refused")]
    known = [(code, f"{action_word(code).text} ({code})") for code in actions]
    return tuple(Option(code, text, code == chosen) for code, text in [*first, *known])


def entry_number(text: str) -> int | None:
    """The number at which a page ended; what is none is no number, and the list begins at its beginning."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _day(text: str, name: str, problems: list[str]) -> datetime | None:
    if not text:
        return None
    if DAY.fullmatch(text):
        with suppress(ValueError):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
    problems.append(f"“{name}” is no day of the calendar: write it as 2026-03-01.")
    return None


def _uuid(text: str, problems: list[str]) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        problems.append("“apply” is no repair's id: open the repair and follow its link to the audit.")
        return None
