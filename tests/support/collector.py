"""A collector of traces that takes them over HTTP, as OpenTelemetry's does, and keeps them for the test."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

LONGEST_WAIT_S = 30


@dataclass(frozen=True, slots=True)
class Arrived:
    """A span as it came over the wire; ids in hexadecimal, `links` the spans that it follows."""

    name: str
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]
    process: int
    said: dict[str, Any]


@dataclass(slots=True)
class Collector:
    """Where it listens, and what has come so far."""

    address: str = ""
    spans: list[Arrived] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, is_there: Callable[[list[Arrived]], bool]) -> list[Arrived]:
        with self.changed:
            came = self.changed.wait_for(lambda: is_there(self.spans), LONGEST_WAIT_S)
            assert came, sorted({one.name for one in self.spans})
            return list(self.spans)

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self.changed:
            self.spans += _spans(request)
            self.changed.notify_all()


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()
            self.wfile.write(ExportTraceServiceResponse().SerializeToString())

        def log_message(self, *_: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield collector
        server.shutdown()
        thread.join()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Arrived]:
    for resource in request.resource_spans:
        process = next(one.value.int_value for one in resource.resource.attributes if one.key == "process.pid")
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Arrived(
                    name=span.name,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    links=tuple(link.span_id.hex() for link in span.links),
                    process=process,
                    said={one.key: _value(one.value) for one in span.attributes},
                )


def _value(said: Any) -> Any:
    kind = said.WhichOneof("value")
    return [_value(one) for one in said.array_value.values] if kind == "array_value" else getattr(said, kind)
