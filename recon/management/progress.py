"""How long work shows itself: a bar with rate and ETA on a terminal, a plain line every few seconds elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TextIO

from tqdm import tqdm

from recon.actions.run_sweep import Reports

LINE_EVERY_SECONDS = 2.0


class Progress:
    """Call it with how many are done, and of how many where that is known: `progress(300, 5000)`.

    Time counts from the first call: call it with what is done already before the work begins.
    """

    def __init__(self, what: str, unit: str, stream: TextIO | None = None) -> None:
        self.what = what
        self.unit = unit
        self.stream = stream or sys.stderr
        self.started: float | None = None
        self.done = 0
        self.total: int | None = None
        self._last_line = self._last_call = 0.0
        self._done_before = 0
        self._bar: Any = None

    def __call__(self, done: int, total: int | None = None) -> None:
        if self.started is None:
            self.started = self._last_line = time.monotonic()
            self._done_before = done
        self._last_call = time.monotonic()
        self.done, self.total = done, total
        if self.stream.isatty():
            self._move_bar()
        elif time.monotonic() - self._last_line >= LINE_EVERY_SECONDS:
            self._last_line = time.monotonic()
            self._write(self._line())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()
        elif kind is None and self.started is not None:
            self._write(f"{self.what}: {self.done:,} {self.unit} in {self._last_call - self.started:.1f} s")

    def _move_bar(self) -> None:
        if self._bar is None:
            unit = f" {self.unit}"
            self._bar = tqdm(total=self.total, desc=self.what, unit=unit, file=self.stream, initial=self.done)
        self._bar.total = self.total
        self._bar.update(self.done - self._bar.n)

    def _line(self) -> str:
        seconds = time.monotonic() - (self.started or 0.0)
        rate = (self.done - self._done_before) / max(seconds, 0.001)
        line = f"{self.what}: {self.done:,} of {self.total:,}" if self.total else f"{self.what}: {self.done:,}"
        line += f" {self.unit}, {rate:,.0f}/s"
        if self.total and rate > 0:
            line += f", {(self.total - self.done) / rate:,.0f} s left"
        return line

    def _write(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()


@contextmanager
def sweep_progress() -> Iterator[Reports]:
    """What a sweep does one after another, each with a line of its own."""
    with (
        Progress("Stripe", "objects") as mirror,
        Progress("Sweep", "accounts") as accounts,
        Progress("Read again, because their drift is new", "accounts") as suspects,
    ):
        yield Reports(mirror, accounts, suspects)
