"""One choice of a list to pick from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """What is sent, what is read, and whether it is the one picked."""

    value: str
    text: str
    is_chosen: bool
