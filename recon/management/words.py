"""What options of a command take, and what is said to whoever gives something else."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date


def whole(least: int, most: int = 1_000_000) -> Callable[[str], int]:
    """A type for argparse: a whole number from `least` to `most`."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise ArgumentTypeError(f"not a whole number from {least:,} to {most:,}")
        return int(text)

    return read


def seconds(text: str) -> float:
    """A type for argparse: a time that passes."""
    try:
        given = float(text)
    except ValueError:
        given = 0.0
    if not 0.01 <= given <= 86_400:
        raise ArgumentTypeError("not a number of seconds from 0.01 to 86,400")
    return given


def day(text: str) -> date:
    """A type for argparse: a day of the calendar."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError("not a day, as 2026-03-01") from error
