"""What of the failures a page was asked for: the list, its filters and its key in the URL; and what can be picked."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from inspector.display.option import Option
from inspector.display.words import STORES, Tone, Word
from recon.queries.failed import AccountKey, Counts, FailedAccount, OddEvent, StrayEvent, Wanted
from recon.words import storable

LONGEST: Final = 200
KINDS: Final = {
    "other_body": Word("other_body", "Same id, other body", Tone.WARN, "An id came again with another body."),
    "two_accounts": Word("two_accounts", "Two accounts", Tone.WARN, "Its customer is linked to several accounts."),
}


class Of(StrEnum):
    """The three lists."""

    ACCOUNTS = "accounts"
    EVENTS = "events"
    FINDINGS = "findings"


@dataclass(frozen=True, slots=True)
class Asked:
    """One list's page; `in_url` are its filters as the URL holds them."""

    of: Of
    wanted: Wanted
    in_url: Mapping[str, str]
    after: AccountKey | None
    below: int | None

    @property
    def is_filtered(self) -> bool:
        return self.wanted != Wanted()

    @property
    def is_later(self) -> bool:
        """Not the first page."""
        return self.after is not None or self.below is not None


@dataclass(frozen=True, slots=True)
class Picked:
    """One filter that is picked from a list."""

    parameter: str
    name: str
    options: tuple[Option, ...]


_STATES: Final[Mapping[Of, Mapping[str, str]]] = {
    Of.ACCOUNTS: {"parked": "parked", "retried": "tried again"},
    Of.EVENTS: {"dead": "given up", "unrouted": "looked for"},
    Of.FINDINGS: {code: word.text.lower() for code, word in KINDS.items()},
}
_SOURCES: Final = {"stripe": "Stripe"} | {code: name for code, name in STORES.items() if code != "stripe"}


def asked_for(query: Mapping[str, str], counts: Counts) -> Asked:
    """Without a list named, the first that has a line; what means nothing asks for nothing."""
    given = {name: storable(query.get(name, ""), LONGEST) for name in ("of", "state", "source", "words", "after")}
    of = Of(given["of"]) if given["of"] in set(Of) else _first(counts)
    state = given["state"] if given["state"] in _STATES[of] else ""
    source = given["source"] if of is Of.EVENTS and given["source"] in _SOURCES else ""
    wanted = Wanted(state, source, given["words"])
    kept = {"of": str(of), "state": state, "source": source, "words": given["words"]}
    return Asked(
        of=of,
        wanted=wanted,
        in_url={name: value for name, value in kept.items() if value},
        after=_account_key(given["after"]) if of is Of.ACCOUNTS else None,
        below=_number(given["after"]) if of is not Of.ACCOUNTS else None,
    )


def filters(asked: Asked) -> tuple[Picked, ...]:
    name = "What is odd" if asked.of is Of.FINDINGS else "State"
    state = _picked("state", name, _STATES[asked.of], asked.wanted.state)
    return (state, _picked("source", "Sender", _SOURCES, asked.wanted.source)) if asked.of is Of.EVENTS else (state,)


def key_words(line: FailedAccount | StrayEvent | OddEvent) -> str:
    """A page's key as it stands in the URL."""
    if isinstance(line, FailedAccount):
        return f"{line.since.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}.{line.account_id}"
    return str(line.name.id if isinstance(line, StrayEvent) else line.id)


def _first(counts: Counts) -> Of:
    numbers = {Of.ACCOUNTS: counts.accounts, Of.EVENTS: counts.events, Of.FINDINGS: counts.findings}
    return next((of for of, number in numbers.items() if number), Of.ACCOUNTS)


def _account_key(text: str) -> AccountKey | None:
    moment, _, account_id = text.partition("Z.")
    with suppress(ValueError):
        return AccountKey(datetime.fromisoformat(moment).replace(tzinfo=UTC), account_id)
    return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _picked(parameter: str, name: str, words: Mapping[str, str], chosen: str) -> Picked:
    options = (Option(code, text, code == chosen) for code, text in words.items())
    return Picked(parameter, name, (Option("", "any", not chosen), *options))
