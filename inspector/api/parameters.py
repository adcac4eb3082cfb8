"""What stands behind the question mark: each parameter once, as it is read and as the schema describes it.

What is wrong is answered with the parameter's name and what would be right; nothing that was given is repeated.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from django.http import QueryDict

from inspector.api.problems import Refusal

LIKE_OURS: Final = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
WHOLE: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
DAY: Final = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}", re.ASCII)
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Parameter:
    """`read` takes the text and raises ValueError with what would be right. `schema` is OpenAPI's."""

    name: str
    about: str
    schema: Mapping[str, Any]
    read: Callable[[str], Any]
    example: str = ""


def one_of(name: str, words: Sequence[str], about: str) -> Parameter:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError("not one of " + ", ".join(words))
        return text

    return Parameter(name, about, {"type": "string", "enum": list(words)}, read, words[0])


def several_of(name: str, words: Sequence[str], about: str) -> Parameter:
    """By commas, each at most once."""

    def read(text: str) -> tuple[str, ...]:
        named = text.split(",")
        if set(named) - set(words) or len(set(named)) < len(named):
            raise ValueError("not each once, by commas, of " + ", ".join(words))
        return tuple(named)

    items = {"type": "string", "enum": list(words)}
    schema = {"type": "array", "items": items, "minItems": 1, "uniqueItems": True}
    return Parameter(name, about, schema, read, ",".join(words[:2]))


def whole(name: str, least: int, most: int, about: str, *, usual: int | None = None) -> Parameter:
    def read(text: str) -> int:
        if not WHOLE.fullmatch(text) or not least <= int(text) <= most:
            raise ValueError(f"not a whole number from {least:,} to {most:,}")
        return int(text)

    schema: dict[str, Any] = {"type": "integer", "minimum": least, "maximum": most}
    if usual is not None:
        schema["default"] = usual
    return Parameter(name, about, schema, read, str(usual or least))


def text(name: str, about: str, *, like: str = "", example: str = "", longest: int = LONGEST) -> Parameter:
    """`like` is a regular expression for the whole of it."""

    def read(given: str) -> str:
        if not 1 <= len(given) <= longest or "\x00" in given:
            raise ValueError(f"not 1 to {longest:,} characters")
        if like and not re.fullmatch(like, given, re.ASCII):
            raise ValueError(f"not like {like}")
        return given

    schema = {"type": "string", "minLength": 1, "maxLength": longest}
    return Parameter(name, about, schema | ({"pattern": f"^{like}$"} if like else {}), read, example)


def day(name: str, about: str) -> Parameter:
    """The midnight, UTC, with which it begins."""

    def read(given: str) -> datetime:
        try:
            if DAY.fullmatch(given):
                return datetime.combine(date.fromisoformat(given), time(), UTC)
        except ValueError:
            pass
        raise ValueError("not a day of the calendar, as 2026-03-01")

    schema = {"type": "string", "format": "date", "pattern": f"^{DAY.pattern}$"}
    return Parameter(name, about, schema, read, "2026-03-01")


def identifier(name: str, about: str) -> Parameter:
    def read(given: str) -> UUID:
        try:
            found = UUID(given)
        except ValueError:
            found = None
        if found is None or str(found) != given.lower():
            raise ValueError("not a UUID")
        return found

    return Parameter(name, about, {"type": "string", "format": "uuid"}, read, "0199a1f2-7c3e-7d10-9b52-3f6f5d0c1a77")


def read_parameters(known: Iterable[Parameter], given: QueryDict) -> dict[str, Any]:
    """What was given, by name; what was not is not there. Refusal: anything that is not what the call takes."""
    by_name = {one.name: one for one in known}
    values: dict[str, Any] = {}
    errors = [*_strangers(by_name, given)]
    for name, one in by_name.items():
        if name not in given:
            continue
        try:
            values[name] = one.read(_only(given.getlist(name)))
        except ValueError as error:
            errors.append({"parameter": name, "detail": str(error)})
    if errors:
        raise Refusal(400, "bad_parameter", "Not every parameter is what this call takes.", errors=errors)
    return values


def refuse_parameter(name: str, detail: str) -> Refusal:
    """A parameter that is right by itself, and wrong beside the others."""
    errors = [{"parameter": name, "detail": detail}]
    return Refusal(400, "bad_parameter", "Not every parameter is what this call takes.", errors=errors)


def _only(values: Sequence[str]) -> str:
    if len(values) != 1:
        raise ValueError("given more than once")
    return values[0]


def _strangers(known: Mapping[str, Parameter], given: QueryDict) -> Iterator[dict[str, str]]:
    """A name that is not spelt as ours are is not repeated."""
    names = ", ".join(known) or "none"
    for name in list(given)[:20]:
        if name not in known:
            told = name if LIKE_OURS.fullmatch(name) else ""
            yield {"parameter": told, "detail": f"this call has no such parameter; it takes: {names}"}
