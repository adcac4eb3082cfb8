"""Values as they come, checked: JSON and driver values in, typed Python values out, or a `CaseError` naming the path.

Nothing is guessed: a number written as text, a naive time, an amount beyond 64 bits are refused.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

BIGINT = 2**63


class CaseError(ValueError):
    """A malformed value: `path` says where (`stores.billing_prod.invoices[2].currency`), the message what and why."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


def kind_of(value: object) -> str:
    """The JSON name of a value's type, for messages. The value itself is not repeated: it may be personal data."""
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a fraction", str: "a text", dict: "an object", list: "a list"}
    return names.get(type(value), type(value).__name__)


def mapping(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise CaseError(path, f"an object is needed, here is {kind_of(value)}")
    return value


def sequence(value: object, path: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise CaseError(path, f"a list is needed, here is {kind_of(value)}")
    return value


def text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise CaseError(path, f"a text is needed, here is {kind_of(value)}")
    if "\0" in value:
        raise CaseError(path, "the text holds a NUL, which no database keeps")
    return value


def identifier(value: object, path: str) -> str:
    """A text that names something, hence is not empty."""
    if not text(value, path):
        raise CaseError(path, "an id is needed, here is an empty text")
    return str(value)


def integer(value: object, path: str, minimum: int | None = None, maximum: int | None = None) -> int:
    """A whole number of 64 bits from `minimum` to `maximum`; amounts are minor units."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise CaseError(path, f"a whole number is needed, here is {kind_of(value)}")
    if not -BIGINT <= value < BIGINT:
        raise CaseError(path, "the number does not fit in 64 bits")
    if minimum is not None and value < minimum:
        raise CaseError(path, f"the number is below {minimum}")
    if maximum is not None and value > maximum:
        raise CaseError(path, f"the number is above {maximum}")
    return value


def boolean(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise CaseError(path, f"true or false is needed, here is {kind_of(value)}")
    return value


def currency(value: object, path: str) -> str:
    """A lower-case ISO 4217 code."""
    code = text(value, path)
    if not is_currency(code):
        raise CaseError(path, "a lower-case ISO 4217 currency code is needed")
    return code


def is_currency(code: str) -> bool:
    return len(code) == 3 and code.isascii() and code.isalpha() and code.islower()


def time(value: object, path: str) -> datetime:
    """A moment in UTC, from RFC 3339 text with an offset or from an aware datetime."""
    moment = value if isinstance(value, datetime) else _parse_time(text(value, path), path)
    if moment.tzinfo is None:
        raise CaseError(path, "the time has no offset from UTC")
    return _utc(moment, path)


def _parse_time(written: str, path: str) -> datetime:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise CaseError(path, "a time like 2026-03-01T15:00:00Z is needed") from None


def _utc(moment: datetime, path: str) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise CaseError(path, "the time is outside the years 1 to 9999") from None


def epoch(value: object, path: str) -> datetime:
    """A moment in UTC, from Stripe's seconds since 1970."""
    seconds = integer(value, path)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise CaseError(path, "the time is outside the years 1 to 9999") from None


def rfc3339(moment: datetime) -> str:
    """A moment as the contract writes it: UTC with `Z`, fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
