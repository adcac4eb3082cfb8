"""Traces by OpenTelemetry, from an event to the commit in the stores: on where an endpoint is named for them.

OTEL_EXPORTER_OTLP_ENDPOINT, or its sister for traces alone, switches them on; the other standard variables hold too
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). Without it no exporter is loaded,
and a span is one shared object that does nothing.

A span holds ids, names, counts and outcomes. Never a word that a store, a person or an exception said.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from time import time_ns
from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from recon.open_telemetry import Tracing

log = logging.getLogger(__name__)

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
FAILED: Final = "error.type"  # whose span says it has failed
NO_IDS: Final[Mapping[str, str]] = {}
Value = str | int | float | bool | Sequence[str]
Traceparents = Iterable[str | None]


class Span(Protocol):
    """A piece of work while it lasts."""

    def say(self, **said: Value) -> None:
        """Keys with a dot are conventions of OpenTelemetry; the others are ours, and stand under `recon.`."""

    def name(self, name: str) -> None:
        """What it turned out to be."""

    def follow(self, find: Callable[[], Traceparents]) -> None:
        """Links it to what it came from and is no part of; that is looked for only where traces are on."""


class _Unseen:
    """The span of everyday life."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def say(self, **said: Value) -> None:
        return None

    def name(self, name: str) -> None:
        return None

    def follow(self, find: Callable[[], Traceparents]) -> None:
        return None


UNSEEN: Final = _Unseen()


@cache
def tracing() -> "Tracing | None":
    """This process's way to the collector, made at the first span; None: traces are off, or their variables wrong, for
    which no work fails."""
    if not any(os.environ.get(name) for name in ENDPOINTS) or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from recon.open_telemetry import exporting  # costs what nobody pays who does not want it

        return exporting()
    except Exception:
        log.exception("there are no traces: the variables of OpenTelemetry are wrong")
        return None


# A child speaks to the collector by a connection of its own.
os.register_at_fork(after_in_child=tracing.cache_clear)


def work(name: str, said: Mapping[str, Value], *, parent: str | None, is_answer: bool) -> AbstractContextManager[Span]:
    """A part of `parent`, a W3C trace context, or else of what is under way here, or the beginning of a trace;
    `is_answer` to a call from outside."""
    on = tracing()
    return UNSEEN if on is None else on.span(name, said, parent=parent, is_answer=is_answer)


def span(name: str, **said: Value) -> AbstractContextManager[Span]:
    """A part of what is under way here; of nothing there is no part."""
    on = tracing()
    return UNSEEN if on is None or not on.is_within() else on.span(name, said)


def moment() -> int:
    """When something begins that `passed` tells of later, in nanoseconds; 0 where traces are off."""
    return 0 if tracing() is None else time_ns()


def passed(name: str, since: int, **said: Value) -> None:
    """A part that began at that moment and ends now: for what is in flight beside others."""
    on = tracing()
    if on is not None and on.is_within():
        on.passed(name, since, said)


@contextmanager
def within(parent: str | None) -> Iterator[None]:
    """What is done meanwhile is part of that trace, whoever began it; None: of none but its own."""
    on = tracing()
    if on is None or parent is None:
        yield
    else:
        with on.within(parent):
            yield


def traceparent() -> str | None:
    """Of the span under way, to be kept with what others go on with; None outside one, and where traces are off."""
    on = tracing()
    return None if on is None else on.traceparent()


def trace_ids() -> Mapping[str, str]:
    """`trace_id` and `span_id` of the span under way, for a log line."""
    on = tracing()
    return NO_IDS if on is None else on.ids()


def leave() -> None:
    """This process ends, and what it has not sent yet goes now; for processes that end without Python's own way."""
    on = tracing()
    if on is not None:
        on.leave()
