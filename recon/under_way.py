"""What is under way, and for whom: ids that stand on every log line meanwhile, and a span of it where traces are on.

They are set where work begins: a request, a task, a command, an account. Nobody hands them on by hand.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, Token
from time import perf_counter
from types import TracebackType
from typing import Final, Self

from recon import traces
from recon.traces import Span, Traceparents, Value

log = logging.getLogger(__name__)

CARRIED: Final = "recon"  # the header of a task's message
SAID: Final = "said"  # of a log record: what stands on its line beside, under whatever names
_ids: ContextVar[Mapping[str, str]] = ContextVar("ids", default=traces.NO_IDS)


def ids() -> Mapping[str, str]:
    """`request_id`, `task`, `task_id`, `account_id`, `repair_id`, …: what is known of the work under way."""
    return _ids.get()


def current_request_id() -> str:
    """The id of the request that this is done for; empty where nobody asked."""
    return _ids.get().get("request_id", "")


@contextmanager
def known(**more: str) -> Iterator[None]:
    """These ids stand on the lines meanwhile, beside those that are there; an empty one takes nothing away."""
    token = _ids.set({**_ids.get(), **_told(more)})
    try:
        yield
    finally:
        _ids.reset(token)


def carried() -> dict[str, dict[str, str]]:
    """Headers that tell a task who asked for it."""
    asked = {"request_id": current_request_id(), "traceparent": traces.traceparent() or ""}
    told = _told(asked)
    return {CARRIED: told} if told else {}


class under_way:
    """A piece of work: its ids on the lines meanwhile, a span of its name, and at its end a line at INFO that says how
    it went."""

    __slots__ = ("_began", "_ids", "_name", "_said", "_span", "_token", "_work", "is_told")

    def __init__(self, name: str, *, parent: str | None = None, is_answer: bool = False, **ids: str) -> None:
        """`parent` and `is_answer` as of `traces.work`. `is_told`: somebody hears what is said of it."""
        self._name, self._ids = name, _told(ids)
        self._said: dict[str, Value] = {}
        self._work: AbstractContextManager[Span] = traces.work(name, self._ids, parent=parent, is_answer=is_answer)

    def __enter__(self) -> Self:
        self._token: Token[Mapping[str, str]] = _ids.set({**_ids.get(), **self._ids})
        self._span = self._work.__enter__()
        self.is_told = self._span is not traces.UNSEEN or log.isEnabledFor(logging.INFO)
        self._began = perf_counter() if self.is_told else 0.0
        return self

    def say(self, **said: Value) -> None:
        """What came of it: words and counts of ours, on its span and on the line at its end."""
        if self.is_told:
            self._said |= said
            self._span.say(**said)

    def name(self, name: str) -> None:
        self._name = name
        self._span.name(name)

    def follow(self, find: Callable[[], Traceparents]) -> None:
        self._span.follow(find)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_told:
            failed = {} if kind is None else {"error": kind.__name__}
            took = {"ms": round((perf_counter() - self._began) * 1_000, 1)}
            log.info("%s", self._name, extra={SAID: {**self._said, **failed, **took}})
        self._work.__exit__(kind, error, trace)
        _ids.reset(self._token)


def _told(given: dict[str, str]) -> dict[str, str]:
    return given if all(given.values()) else {name: value for name, value in given.items() if value}
