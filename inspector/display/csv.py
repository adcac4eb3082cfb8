"""Comma-separated lines that a spreadsheet opens as text and nothing else."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # some take the wide ones too
PASSED_OVER: Final = " \x00\xa0\ufeff"  # at the beginning of a cell


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """One line at a time, so that a file of any length takes no memory."""
    for row in rows:
        line = StringIO()
        csv.writer(line).writerow([inert(value) for value in row])
        yield line.getvalue()


def inert(value: object) -> str:
    """The value as a cell that no spreadsheet takes for a formula: an apostrophe before whatever begins like one."""
    text = "" if value is None else str(value)
    begins = text.lstrip(PASSED_OVER).startswith(FORMULA_STARTS)
    return f"'{text}" if begins and not isinstance(value, int) else text
