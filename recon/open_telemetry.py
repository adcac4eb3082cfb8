"""What traces are made of, where they are on: OpenTelemetry's SDK, and its exporter over HTTP.

Spans wait in a queue of bounded length and are sent from a thread of their own: a collector that is down, slow or
silent costs spans and nothing else. A process that ends waits for it no longer than `PATIENCE_SECONDS`.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.util import Finalize
from threading import Event, Thread
from typing import Final

from django.conf import settings
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from recon.log_lines import scrubbed
from recon.traces import FAILED, NO_IDS, Traceparents, Value

PATIENCE_SECONDS: Final = 1.0
OURS: Final = "recon."
TRACEPARENT: Final = "traceparent"
MOST_LINKS: Final = 100
_W3C: Final = TraceContextTextMapPropagator()


class Seen:
    """One span, by the words of `recon.traces.Span`."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def say(self, **said: Value) -> None:
        self._span.set_attributes(_attributes(said))
        if FAILED in said:
            self._span.set_status(Status(StatusCode.ERROR, str(said[FAILED])))

    def name(self, name: str) -> None:
        self._span.update_name(name)

    def follow(self, find: Callable[[], Traceparents]) -> None:
        if not self._span.is_recording():
            return
        for traceparent in sorted({one for one in find() if one})[:MOST_LINKS]:
            self._span.add_link(trace.get_current_span(_context(traceparent)).get_span_context())


class Tracing:
    """The spans of one process on their way to `processor`."""

    def __init__(self, processor: SpanProcessor) -> None:
        installation = {"service.version": settings.VERSION, "recon.instance": settings.RECON_INSTANCE}
        made_of = Resource.create({**installation, "process.pid": os.getpid()})
        self.provider = TracerProvider(resource=_named(made_of), shutdown_on_exit=False)
        self.provider.add_span_processor(processor)
        self._tracer = self.provider.get_tracer("recon", settings.VERSION)
        self._leaving = Event()
        self._farewell = Thread(target=self._say_farewell, name="farewell to traces", daemon=True)
        self._farewell.start()

    @contextmanager
    def span(
        self, name: str, said: Mapping[str, Value], *, parent: str | None = None, is_answer: bool = False
    ) -> Iterator[Seen]:
        """Of an exception the type is told: its words may quote a row."""
        with self._tracer.start_as_current_span(
            name,
            context=None if parent is None else _context(parent),
            kind=SpanKind.SERVER if is_answer else SpanKind.INTERNAL,
            attributes=_attributes(said),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield Seen(span)
            except BaseException as error:
                Seen(span).say(**{FAILED: type(error).__name__})
                raise

    def passed(self, name: str, since: int, said: Mapping[str, Value]) -> None:
        self._tracer.start_span(name, attributes=_attributes(said), start_time=since).end()

    @contextmanager
    def within(self, parent: str) -> Iterator[None]:
        with trace.use_span(trace.get_current_span(_context(parent)), record_exception=False):
            yield

    def is_within(self) -> bool:
        """Is anything under way here?"""
        return trace.get_current_span().get_span_context().is_valid

    def traceparent(self) -> str | None:
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get(TRACEPARENT)

    def ids(self) -> Mapping[str, str]:
        here = trace.get_current_span().get_span_context()
        if not here.is_valid:
            return NO_IDS
        return {"trace_id": trace.format_trace_id(here.trace_id), "span_id": trace.format_span_id(here.span_id)}

    def leave(self) -> None:
        """The process ends. The SDK would wait for half a minute, so it does that elsewhere."""
        self._leaving.set()
        self._farewell.join(PATIENCE_SECONDS)

    def _say_farewell(self) -> None:
        self._leaving.wait()
        self.provider.shutdown()


def exporting() -> Tracing:
    """To the collector that the environment names. What is still in the queue when the process ends is sent then."""
    tracing = Tracing(BatchSpanProcessor(OTLPSpanExporter()))
    Finalize(None, tracing.leave, exitpriority=0)  # children of multiprocessing skip what `atexit` holds
    return tracing


def _named(made_of: Resource) -> Resource:
    """The SDK's own name for who has none says nothing."""
    has_name = not str(made_of.attributes["service.name"]).startswith("unknown_service")
    return made_of if has_name else made_of.merge(Resource({"service.name": "recon"}))


def _context(traceparent: str) -> Context:
    return _W3C.extract({TRACEPARENT: traceparent}, Context())


def _attributes(said: Mapping[str, Value]) -> dict[str, Value]:
    return {key if "." in key else OURS + key: _clean(value) for key, value in said.items()}


def _clean(value: Value) -> Value:
    """An id is whatever its store made it: also an address, perhaps."""
    if isinstance(value, str):
        return scrubbed(value)
    return [scrubbed(one) for one in value] if isinstance(value, Sequence) else value
