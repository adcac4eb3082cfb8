"""The queue's filters as they stand in the URL, as the query asks them, and as a form shows them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import urlencode

from inspector.display.money import exponent
from inspector.display.words import CLASSES, DETAILS, FINDINGS, STATES, Word
from recon.queries.queue import QueueKey
from recon.queries.queue_filter import Accepted, Age, Claimed, QueueFilter, Snoozed, Sort
from recon.words import storable

LONGEST: Final = 200
LARGEST: Final = 2**63 - 1
CURRENCY: Final = re.compile(r"[a-z]{3}")
AMOUNT: Final = re.compile(r"\d{1,16}(\.\d{1,3})?")
AGES: Final[Mapping[str, str]] = {
    Age.NOT_DUE: "not past due",
    Age.UP_TO_30: "1–30 days",
    Age.UP_TO_60: "31–60 days",
    Age.UP_TO_90: "61–90 days",
    Age.OVER_90: "over 90 days",
}
_SORTS: Final[Mapping[str, str]] = {
    Sort.HARM: "harm",
    Sort.MONEY: "money",
    Sort.AGE: "days past due",
    Sort.SINCE: "days wrong",
}
_CLAIMED: Final[Mapping[str, str]] = {Claimed.ME: "me", Claimed.NOBODY: "nobody", Claimed.ANYBODY: "anybody"}
_SNOOZED: Final[Mapping[str, str]] = {Snoozed.TOO: "shown too", Snoozed.ONLY: "only these"}
_ACCEPTED: Final[Mapping[str, str]] = {Accepted.TOO: "shown too", Accepted.ONLY: "only these"}
_CLOSED: Final[Mapping[str, Collection[str]]] = {
    "class": CLASSES,
    "detail": DETAILS,
    "state": STATES,
    "finding": FINDINGS,
    "verdict": ("unknown",),
    "drift": ("any",),
    "age": AGES,
    "claimed": _CLAIMED,
    "snoozed": _SNOOZED,
    "accepted": _ACCEPTED,
    "sort": _SORTS,
}
NAMES: Final = (*_CLOSED, "cluster", "currency", "amount")
_FIRST: Final = ("class", "detail", "state", "finding", "sort")


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: its parameter in the URL, its name, and what can be chosen; without choices, its `value` is typed."""

    parameter: str
    name: str
    choices: tuple[Choice, ...] = ()
    value: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for: `in_url` as they wrote it, `problems` in sentences where that means nothing."""

    wanted: QueueFilter
    sort: Sort
    in_url: Mapping[str, str]
    problems: tuple[str, ...]

    @property
    def query(self) -> str:
        """As the URL holds it."""
        return urlencode(self.in_url)


def asked_queue(parameters: Mapping[str, str], *, person: str, now: datetime) -> Asked:
    """`person` (user:name) is who “me” is."""
    given = {name: storable(parameters.get(name, ""), LONGEST) for name in NAMES}
    given["currency"] = given["currency"].lower()
    problems = [
        f"“{name}” cannot be “{given[name]}”: choose from the list."
        for name, known in _CLOSED.items()
        if given[name] and given[name] not in known
    ]
    known = {name: value if not value or value in _CLOSED.get(name, (value,)) else "" for name, value in given.items()}
    currency, least = _amount(given["currency"], given["amount"], problems)
    if known["drift"] and not known["state"]:
        problems.append("“drift” takes accounts without drift too: choose a state with it.")
    wanted = QueueFilter(
        of_class=known["class"],
        detail=known["detail"],
        state=known["state"],
        finding=known["finding"],
        cluster=known["cluster"],
        unknown_only=known["verdict"] == "unknown",
        not_only_drift=known["drift"] == "any",
        currency=currency,
        least_minor=least,
        age=Age(known["age"]) if known["age"] else None,
        claimed=Claimed(known["claimed"]) if known["claimed"] else None,
        snoozed=Snoozed(known["snoozed"]) if known["snoozed"] else None,
        accepted=Accepted(known["accepted"]) if known["accepted"] else None,
        person=person,
        at=now,
    )
    in_url = {name: value for name, value in given.items() if value}
    return Asked(wanted, Sort(known["sort"] or Sort.HARM), in_url, tuple(problems))


def filters(
    asked: Asked, cluster_text: str, currencies: Sequence[str]
) -> tuple[tuple[Filter, ...], tuple[Filter, ...]]:
    """Those that always stand there, and those that are opened."""
    in_url = asked.in_url
    first = (
        _picked("class", "Class", _texts(CLASSES), in_url),
        _picked("detail", "Detail", _texts(DETAILS), in_url),
        _picked("state", "True state", _texts(STATES), in_url),
        _picked("finding", "Finding", _texts(FINDINGS), in_url),
        _picked("sort", "Worst first by", _SORTS, in_url, none=""),
    )
    chosen = in_url.get("currency", "")
    known = sorted({*currencies, chosen} - {""})
    more = (
        _picked("verdict", "Verdict", {"unknown": "Unknown"}, in_url),
        _picked("drift", "Drift", {"any": "without drift too"}, in_url, none="drifted only"),
        _picked("age", "Past due", AGES, in_url),
        _picked("currency", "Currency", {one: one.upper() for one in known}, in_url),
        Filter("amount", "Owes at least", value=in_url.get("amount", ""), hint="250.00"),
        _picked("claimed", "In the hand of", _CLAIMED, in_url, none="whoever"),
        _picked("snoozed", "Put off", _SNOOZED, in_url, none="hidden"),
        _picked("accepted", "Accepted", _ACCEPTED, in_url, none="hidden"),
        *_cluster(in_url.get("cluster", ""), cluster_text),
    )
    return first, more


def is_opened(asked: Asked) -> bool:
    """Is one of the filters set that are opened?"""
    return any(name not in _FIRST for name in asked.in_url)


def key_words(key: QueueKey) -> str:
    """A page's key as it stands in the URL."""
    return "~".join(part.isoformat() if isinstance(part, datetime) else str(part) for part in key.parts)


def key_of(text: str, sort: Sort) -> QueueKey | None:
    """The key that stands in the URL; what is none is no key, and the list begins at its beginning."""
    kinds = {Sort.HARM: (_small, _number, _moment), Sort.MONEY: (_number,)}.get(sort, (_moment,))
    parts = storable(text, LONGEST).split("~", len(kinds))
    try:
        values = [read(part) for read, part in zip(kinds, parts, strict=False)]
        return QueueKey((*values, parts[len(kinds)]))
    except (ValueError, IndexError):
        return None


def _number(text: str) -> int:
    number = int(text)
    if not -LARGEST <= number <= LARGEST:
        raise ValueError(text)
    return number


def _small(text: str) -> int:
    if text not in {"0", "1", "2"}:
        raise ValueError(text)
    return int(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _amount(currency: str, typed: str, problems: list[str]) -> tuple[str, int]:
    """The currency, and the amount in its minor units."""
    if currency and not CURRENCY.fullmatch(currency):
        problems.append("“currency” is three letters, as eur.")
        return "", 0
    if not typed:
        return currency, 0
    if not AMOUNT.fullmatch(typed):
        problems.append("“amount” is a number as 250 or 250.00.")
        return currency, 0
    if not currency:
        problems.append("“amount” needs its currency: amounts of two currencies are never compared.")
        return "", 0
    return currency, _minor(currency, typed, problems)


def _minor(currency: str, typed: str, problems: list[str]) -> int:
    try:
        minor = Decimal(typed).scaleb(exponent(currency))
    except InvalidOperation:
        minor = Decimal("0.1")
    if minor != minor.to_integral_value():
        problems.append(f"“amount” has more digits after the point than {currency.upper()} has.")
        return 0
    return min(int(minor), LARGEST)


def _texts(words: Mapping[str, Word]) -> dict[str, str]:
    return {code: word.text for code, word in words.items()}


def _cluster(key: str, text: str) -> tuple[Filter, ...]:
    """Only where one was asked for: clusters are chosen on the drift's home."""
    return (_picked("cluster", "Drifts alike", {key: text}, {"cluster": key}),) if key else ()


def _picked(
    parameter: str, name: str, texts: Mapping[str, str], in_url: Mapping[str, str], none: str = "any"
) -> Filter:
    chosen = in_url.get(parameter, "")
    choices = tuple(Choice(str(code), text, code == chosen) for code, text in texts.items())
    return Filter(parameter, name, (Choice("", none, not chosen), *choices) if none else choices)
