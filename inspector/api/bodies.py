"""What a call sends: a JSON object with the fields that it names, of their very types, and no others.

What is wrong is answered with pointers into the body, and nothing of it is repeated.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from rest_framework import serializers

from inspector.api.problems import Refusal

REASON_LENGTH: Final = 500


class Body(serializers.Serializer):  # type: ignore[misc] # rest_framework has no types
    """A field that nobody named is refused: a misspelt one would be left out in silence."""

    default_error_messages = {"invalid": "not an object"}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = {str(name): ["not a field of this call"] for name in data.keys() - self.fields.keys()}
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


class Text(serializers.CharField):  # type: ignore[misc] # rest_framework has no types
    """A string, and nothing that could be made one; without what no database keeps."""

    default_error_messages = {
        "invalid": "not a string",
        "required": "missing",
        "null": "not a string",
        "blank": "empty",
        "max_length": "longer than {max_length} characters",
    }

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or not _is_storable(data):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Reason(Text):
    """Why it is done, for the audit."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=REASON_LENGTH, **{"help_text": "Why; it stands in the audit.", **options})


def json_in(text: str, content_type: str) -> Any:
    """Refusal: it is no JSON, or not sent as such. An empty body is an empty object."""
    if not text.strip():
        return {}
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "not_json", "Send it as application/json.")
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "not_json", "The body is no JSON that can be read.") from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _is_storable(text: str) -> bool:
    return not any(one == "\x00" or "\ud800" <= one <= "\udfff" for one in text)
