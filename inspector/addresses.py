"""What stands in addresses and is not of a type that Django knows."""


class AccountId:
    """An account's id is its stores' own text: a slash may be in it, and nothing at all."""

    regex = "(?s:.*)"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
