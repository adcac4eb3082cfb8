"""The rules' numbers and their versions in words: what each is called, what it says, and what differs between two."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from inspector.display.money import amount_words
from inspector.display.words import Tone, Word, number_words
from recon.engine.policy import Policy

STATES_OF_VERSION: Final = {
    "draft": Word("draft", "Draft", Tone.QUIET, "Governs nobody yet."),
    "waiting_for_second": Word("waiting_for_second", "Waits for a second admin", Tone.WARN, "Governs nobody yet."),
    "active": Word("active", "In force", Tone.GOOD, "Every account is judged by it."),
    "superseded": Word("superseded", "Former", Tone.QUIET, "Another version took over."),
    "withdrawn": Word("withdrawn", "Withdrawn", Tone.QUIET, "It never governed."),
}
LADDERS: Final = {"self_serve": "Self-serve", "contract": "Contract"}
RUNGS: Final = {
    "grace": "In grace from",
    "past_due": "Past due from",
    "delinquent": "Delinquent from",
    "bad_debt": "Bad debt from",
    "bad_debt_ended": "Bad debt, once ended, from",
}
NUMBERS: Final = {
    "dust_minor": "Dust: too little to call debt, up to",
    "in_flight_max_days": "A payment under way counts for",
    "freshness_minutes": "A reading is fresh for",
}
_UNITS: Final = {"dust_minor": "minor unit", "in_flight_max_days": "day", "freshness_minutes": "minute"}


@dataclass(frozen=True, slots=True)
class NumberLine:
    """One number: `group` is its ladder or what it is about."""

    group: str
    name: str
    value: str
    default: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One number that two versions have otherwise; `none` where one of them has none."""

    group: str
    name: str
    old: str
    new: str


def number_lines(policy: Policy) -> tuple[NumberLine, ...]:
    """All numbers of a policy, each beside the rules' own."""
    values, defaults = policy.numbers(), Policy().numbers()
    return tuple(
        NumberLine(*_named(path), _value(path, value), _value(path, defaults.get(path)), value == defaults.get(path))
        for path, value in values.items()
    )


def change_lines(old: Policy, new: Policy) -> tuple[ChangeLine, ...]:
    """What differs, in the order of the numbers; what the new one has no more comes last."""
    before, after = old.numbers(), new.numbers()
    return tuple(
        ChangeLine(*_named(path), _value(path, before.get(path)), _value(path, after.get(path)))
        for path in _paths(before, after)
        if before.get(path) != after.get(path)
    )


def _paths(before: dict[str, int | str], after: dict[str, int | str]) -> Iterator[str]:
    yield from after
    yield from (path for path in before if path not in after)


def _named(path: str) -> tuple[str, str]:
    """(group, name) of a number."""
    first, _, rest = path.partition(".")
    if first == "rungs":
        ladder, _, rung = rest.partition(".")
        return f"{LADDERS[ladder]} ladder", RUNGS[rung]
    if first == "plans":
        return "Plans by price", rest
    return ("Dust", f"Of {rest.upper()}, up to") if rest else ("Numbers", NUMBERS[first])


def _value(path: str, value: int | str | None) -> str:
    if value is None:
        return "none"
    first, _, rest = path.partition(".")
    if not isinstance(value, int):
        return value
    if first == "rungs":
        return f"{_counted(value, 'day')} past due"
    return amount_words(value, rest) if rest else _counted(value, _UNITS[first])


def _counted(number: int, unit: str) -> str:
    return f"{number_words(number)} {unit}{'' if number == 1 else 's'}"
