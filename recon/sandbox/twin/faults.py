"""Faults on request: what a network, a proxy, or Stripe itself does to a caller now and then.

Asked for by `POST /_twin/faults` {kind, method, path, times, seconds}: `path` is the start of a path, `times` how many
requests it befalls. `before` means that the request had no effect, `after` that it had. Hanging ends after `seconds`
or at `POST /_twin/release`.
"""

import threading
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    UNAUTHORIZED = "401"
    NOT_FOUND = "404"
    LOCKED = "409"
    RATE_LIMITED = "429"
    ERROR_BEFORE = "500_before"
    ERROR_AFTER = "500_after"
    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    HALF_BODY = "half_body"
    HTML = "html"
    HTML_502 = "html_502"
    EMPTY = "empty"
    HOLD = "hold"  # a change runs as always, but only when released: a call in progress


@dataclass(slots=True)
class Asked:
    """A fault that still waits for its requests."""

    fault: Fault
    method: str | None
    path: str
    times: int
    seconds: float


class Faults:
    """The faults of one server, shared by its threads."""

    def __init__(self) -> None:
        self._asked: list[Asked] = []
        self._lock = threading.Lock()
        self._released = threading.Event()

    def ask(self, asked: Asked) -> None:
        with self._lock:
            self._asked.append(asked)
            self._released.clear()

    def clear(self) -> None:
        with self._lock:
            self._asked.clear()
            self._released.set()

    def release(self) -> None:
        self._released.set()

    def wait(self, seconds: float) -> None:
        """Hang for so long, or until released."""
        self._released.wait(seconds)

    def take(self, method: str, path: str) -> Asked | None:
        """The first fault that befalls this request; uses up one of its times."""
        with self._lock:
            for asked in self._asked:
                if asked.times > 0 and asked.method in (None, method) and path.startswith(asked.path):
                    asked.times -= 1
                    return asked
        return None
