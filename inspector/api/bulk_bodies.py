"""What is sent to begin and to steer a bulk repair."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from rest_framework import serializers

from inspector.api.bodies import Body, Reason, Text
from inspector.display.money import exponent
from inspector.display.words import CLASSES, DETAILS, FINDINGS, STATES

MOST_ACCOUNTS: Final = 10_000
MOST_MINOR: Final = 10**15
ID_LENGTH: Final = 255
CHOOSE: Final = "nothing is chosen: name at least one condition"


class OneOf(serializers.ChoiceField):  # type: ignore[misc] # rest_framework has no types
    """A word of ours; what was given is not repeated."""

    def __init__(self, choices: Any, **options: Any) -> None:
        super().__init__(choices=sorted(choices), required=False, **options)
        self.error_messages["invalid_choice"] = "not one of " + ", ".join(sorted(choices))

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice")
        return str(data)


class Whole(serializers.Field):  # type: ignore[misc] # rest_framework has no types
    """A whole number, also one written as 5.0, for JSON has but one kind; and nothing that could be made one."""

    def __init__(self, most: int, **options: Any) -> None:
        self.most = most
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        is_number = isinstance(data, int | float) and not isinstance(data, bool)
        if not is_number or not 1 <= data <= self.most or data != int(data):
            raise serializers.ValidationError(f"not a whole number from 1 to {self.most}")
        return int(data)


class FilterBody(Body):
    """As the queues' filters: all conditions together."""

    state = OneOf(STATES, help_text="The true state.")
    detail = OneOf(DETAILS)
    finding = OneOf(FINDINGS)
    cluster = Text(required=False, min_length=1, max_length=16, help_text="A pattern of drift.")
    currency = Text(required=False, min_length=3, max_length=3, help_text="Lower-case ISO 4217.")
    min_owed = Whole(MOST_MINOR, required=False, help_text="In minor units of `currency`.")

    def get_fields(self) -> dict[str, Any]:
        return {"class": OneOf(CLASSES), **super().get_fields()}

    def validate_currency(self, currency: str) -> str:
        if not (currency.isascii() and currency.isalpha() and currency.islower()):
            raise serializers.ValidationError("not three lower-case letters")
        return currency

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError(CHOOSE)
        if "min_owed" in attrs and "currency" not in attrs:
            raise serializers.ValidationError({"currency": "needed with min_owed"})
        return attrs


class BeginBody(Body):
    """Either of `filter` and `accounts`."""

    filter = FilterBody(required=False)
    accounts = serializers.ListField(
        child=Text(max_length=ID_LENGTH), required=False, min_length=1, max_length=MOST_ACCOUNTS
    )
    reason = Reason()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("filter" in attrs) is ("accounts" in attrs):
            raise serializers.ValidationError("name either filter or accounts")
        return attrs


class SteerBody(Body):
    """Why."""

    reason = Reason()


def as_in_url(wanted: Mapping[str, Any]) -> dict[str, str]:
    """The filter as the pages' address holds it: amounts there are in units of the currency."""
    told = {name: str(value) for name, value in wanted.items() if name != "min_owed"}
    if "min_owed" in wanted:
        digits = exponent(wanted["currency"])
        told["amount"] = f"{Decimal(wanted['min_owed']).scaleb(-digits):.{digits}f}"
    return told
