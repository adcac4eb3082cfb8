"""Amounts and times as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from inspector.display.moments import age_words, moment_words
from inspector.display.money import amount_words

NOW = datetime(2026, 3, 20, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (0, "usd", "0.00 USD"),
        (5, "eur", "0.05 EUR"),
        (123_456_789, "usd", "1\u202f234\u202f567.89 USD"),
        (1400, "jpy", "1\u202f400 JPY"),
        (1400, "kwd", "1.400 KWD"),
        (-250, "gbp", "−2.50 GBP"),
        (None, "usd", "–"),
    ],
)
def test_amount(minor: int | None, currency: str, words: str) -> None:
    assert amount_words(minor, currency) == words


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=2), "2 s ago"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=12), "12 days ago"),
        (-timedelta(days=3), "in 3 days"),
    ],
)
def test_age(before: timedelta, words: str) -> None:
    assert age_words(NOW - before, NOW) == words


def test_text_that_is_no_time_is_shown_as_it_stands() -> None:
    assert moment_words("soon") == "soon"
