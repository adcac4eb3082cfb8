"""Calls are counted together, however many at once and in however many processes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from recon.actions import count_call
from recon.bootstrap import call_counter

NOW = datetime(2026, 3, 20, 12, 0, 15, tzinfo=UTC)
OFTEN = 20_000  # a limit that is counted twenty at a time


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    call_counter().flushdb()
    _another_process()
    yield
    _another_process()
    call_counter().flushdb()


def _another_process() -> None:
    """One that has taken no numbers."""
    count_call._Taken.by_key = {}


def _count(limit: int = OFTEN) -> count_call.Counted:
    counted = count_call.count_call(1, "calls", limit=limit, now=NOW)
    assert counted is not None
    return counted


def test_no_number_is_given_twice() -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = [counted.calls for counted in pool.map(lambda _: _count(), range(400))]
    assert len(set(numbers)) == 400


def test_what_another_process_took_is_not_given() -> None:
    first = [_count().calls for _ in range(3)]
    _another_process()
    assert (first, _count().calls) == ([1, 2, 3], 21)


def test_a_small_limit_is_counted_call_by_call() -> None:
    counted = []
    for _ in range(3):
        counted.append(_count(limit=2))
        _another_process()
    assert [(one.calls, one.left, one.is_too_many, one.seconds_left) for one in counted] == [
        (1, 1, False, 45),
        (2, 0, False, 45),
        (3, 0, True, 45),
    ]
