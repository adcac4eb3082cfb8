"""What the owner of a store is told: a sentence to copy, and where it is one row or one object, the call."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """`call` is SQL for the store's own database, or a command for Stripe's own client; empty where none is exact."""

    sentence: str
    call: str = ""


NOTHING = Told("")


def literal(text: str) -> str:
    """A text as PostgreSQL reads it."""
    return "'" + text.replace("'", "''") + "'"
