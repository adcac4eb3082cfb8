"""What a queue holds altogether, in words: accounts, and one row a currency with what is owed by age."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from inspector.display.drift import list_href
from inspector.display.moments import age_words, clock_words
from inspector.display.money import amount_words
from inspector.display.queue_filter import AGES
from inspector.display.words import number_words
from recon.queries.queue_filter import Age
from recon.queries.queue_totals import Sum, Totals


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is owed of one age: how much by how many, and the queue narrowed to these; `href` empty where nobody."""

    age: str
    amount: str
    accounts: str
    href: str


@dataclass(frozen=True, slots=True)
class CurrencyRow:
    """One currency: its ages from the youngest, and all of them together."""

    currency: str
    buckets: tuple[Bucket, ...]
    amount: str
    accounts: str


@dataclass(frozen=True, slots=True)
class TotalsView:
    """`number` is empty where the accounts were not counted; `note` says when, or why not."""

    number: str
    note: str
    ages: tuple[str, ...]
    rows: tuple[CurrencyRow, ...]


def totals_view(totals: Totals, in_url: Mapping[str, str], now: datetime) -> TotalsView:
    return TotalsView(
        number="" if totals.accounts is None else number_words(totals.accounts),
        note=_note(totals, now),
        ages=tuple(AGES.values()),
        rows=tuple(_row(currency, ages, in_url) for currency, ages in sorted(totals.owed.items())),
    )


def _note(totals: Totals, now: datetime) -> str:
    if totals.accounts is None:
        return (
            "So many accounts have to be passed for this filter that a page does not count them: narrow it, or save "
            "it as CSV."
        )
    if totals.at is None:
        return "Counted just now."
    return (
        f"Counted at {clock_words(totals.at, now)} UTC, {age_words(totals.at, now)}; accounts that are put off are "
        "counted too."
    )


def _row(currency: str, ages: Mapping[Age, Sum], in_url: Mapping[str, str]) -> CurrencyRow:
    whole = sum(ages.values(), Sum(0, 0))
    return CurrencyRow(
        currency=currency.upper(),
        buckets=tuple(_bucket(age, text, ages.get(Age(age)), currency, in_url) for age, text in AGES.items()),
        amount=amount_words(whole.minor, currency),
        accounts=_accounts(whole.accounts),
    )


def _accounts(number: int) -> str:
    return "1 account" if number == 1 else f"{number_words(number)} accounts"


def _bucket(age: str, text: str, found: Sum | None, currency: str, in_url: Mapping[str, str]) -> Bucket:
    if found is None:
        return Bucket(text, "–", "", "")
    href = list_href(**(dict(in_url) | {"age": str(age), "currency": currency}))
    return Bucket(text, amount_words(found.minor, currency), _accounts(found.accounts), href)
