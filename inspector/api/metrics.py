"""`GET /metrics`: the engine's numbers for Prometheus, to a token that may read.

They are asked of our database at each scrape. See https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from inspector.access import for_signed
from inspector.api.problems import asked
from inspector.api.reader import reader
from inspector.api.throttle import counted_call, say_rate
from recon.queries.measurements import Kind, Measurement, measurements

NAMESPACE: Final = "recon_"


@for_signed
@asked
def metrics(request: HttpRequest) -> HttpResponse:
    counted = counted_call(reader(request), "calls")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape())
    response = HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
    response["Cache-Control"] = "no-store"
    if counted is not None:
        say_rate(response, counted)
    return response


class _Scrape:
    """What the library collects from."""

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily(f"{NAMESPACE}build_info", "The version that runs.", labels=["version"])
        build.add_metric([settings.VERSION], 1)
        yield build
        yield from map(_family, measurements(now=timezone.now()))


def _family(one: Measurement) -> Metric:
    family = CounterMetricFamily if one.kind is Kind.COUNTER else GaugeMetricFamily
    found = family(f"{NAMESPACE}{one.name}", one.help, labels=one.labels)
    for labels, value in one.samples.items():
        found.add_metric(labels, value)
    return found
