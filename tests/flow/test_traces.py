"""One chain from an event to the commit in the stores, within a process and from one to the other."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_trace_id

from recon import tasks, traces
from recon.actions.approve import approve_plan
from recon.actions.drive_bulk_repairs import drive_bulk_repairs
from recon.actions.look_again import look_again
from recon.actions.repair_bulk_items import repair_bulk_items
from recon.engine.facts import StoreName
from recon.models import AccountState, ApplyState, Inbox
from recon.open_telemetry import PATIENCE_SECONDS, Tracing
from recon.sandbox.cluster import Sandbox
from recon.under_way import under_way
from tests.api.conftest import STORE_EVENTS, event, post, secrets
from tests.apply.conftest import clock, six
from tests.support.bulk import drifted, started, with_workers
from tests.support.collector import Arrived, Collector, collecting
from tests.support.commands import ROOT
from tests.support.repairs import repair_in
from tests.support.tokens import bearer

__all__ = ["clock", "secrets", "six"]

POLICY = {"plans": {"price_pro": "pro"}}
CANARY = "canary-hunter2"
ACTOR = "token:support-desk"
WORKER = [sys.executable, "-m", "celery", "--quiet", "-A", "recon.celery", "worker", "--pool=solo", "--loglevel=INFO"]
READS = [f"read {store}" for store in StoreName]
RECOMPUTE = ["evaluate", "keep", *READS]
DATABASES = [store for store in StoreName if store is not StoreName.STRIPE]
APPLY = [
    *("lock", "re-read", *(f"re-read > {read}" for read in READS), "claim", "decide", "close", "apply one"),
    *("prepare all", *(f"prepare all > prepare {store}" for store in DATABASES)),
    *("commit all", *(f"commit all > {did} {store}" for did in ("commit", "read back") for store in DATABASES)),
]


@pytest.fixture
def known(six: object, settings: Any) -> str:
    """The digest of acc_1's plan, which every store has wrong."""
    settings.POLICY = POLICY
    look_again("acc_1", actor="user:ada")
    return AccountState.objects.select_related("evaluation").get(account_id="acc_1").evaluation.digest


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Where spans go, though no collector is named."""
    spans = InMemorySpanExporter()
    tracing = Tracing(SimpleSpanProcessor(spans))
    monkeypatch.setattr(traces, "tracing", lambda: tracing)
    return spans


def something_happened() -> None:
    customer = {"id": "cus_1", "object": "customer", "email": f"{CANARY}@example.com", "name": CANARY}
    assert post(event(data={"object": customer})).status_code == 200


def paths(spans: Sequence[ReadableSpan]) -> Counter[str]:
    """Each span as the way to it from where its trace began here: `carry out > apply > claim`."""
    by_id = {one.context.span_id: one for one in spans if one.context}

    def path(one: ReadableSpan) -> str:
        above = by_id.get(one.parent.span_id) if one.parent else None
        store = (one.attributes or {}).get("recon.store")
        name = f"{one.name} {store}" if store else one.name
        return f"{path(above)} > {name}" if above else name

    return Counter(map(path, spans))


def within(root: str, names: Sequence[str]) -> Counter[str]:
    return Counter([root, *(f"{root} > {name}" for name in names)])


def test_an_event_is_followed_to_the_commit(known: str, seen: InMemorySpanExporter) -> None:
    something_happened()
    tasks.recompute_due.apply()
    answer = bearer("read", "repair").post("/api/v1/accounts/acc_1/apply/", *_approval(known))
    tasks.publish_events.apply()
    assert answer.json()["state"] == "applied"
    spans = seen.get_finished_spans()
    approve = "POST /api/v1/accounts/<account:account_id>/apply/ > approve"
    assert paths(spans) == (
        within("POST /api/v1/webhooks/stripe/", ["receive event"])
        + within("recompute", RECOMPUTE)
        + within("POST /api/v1/accounts/<account:account_id>/apply/", ["approve", "approve > carry out"])
        + within(f"{approve} > carry out > apply", APPLY)
        + within(f"{approve} > carry out > recompute", RECOMPUTE)
        + Counter(["publish"])
    )
    names = {one.context.span_id: one.name for one in spans if one.context}
    follows = {one.name: {names.get(link.context.span_id) for link in one.links} for one in spans if one.links}
    assert follows == {"recompute": {"receive event"}, "approve": {"keep"}, "publish": {"decide", "keep"}}
    assert CANARY not in "".join(one.to_json() for one in spans)
    _hold_followed({one.name: trace_of(one) for one in spans}, answer["X-Request-ID"])


def trace_of(span: ReadableSpan) -> str:
    assert span.context
    return format_trace_id(span.context.trace_id)


def _hold_followed(traces: Mapping[str, str], request_id: str) -> None:
    """`manage.py follow` names the same traces; what was before they were on has none."""
    lines = StringIO()
    call_command("follow", "acc_1", "--json", stdout=lines)
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    here = [(one["what"].split()[0], one["request_id"], one["trace"]) for one in told if one["trace"]]
    hook, apply = traces["receive event"], traces["approve"]
    assert here[0] == ("event", "", hook)
    assert [one for one in here if one[1]] == [("repair", request_id, apply)]
    assert {one[0] for one in here if one[2] == apply} == {"repair", "recompute", "told"}
    assert "recompute" in {one["what"] for one in told if not one["trace"]}


@pytest.mark.django_db(transaction=True)
def test_a_bulk_repair_follows_its_start_and_tells_of_each_account(told: Callable, seen: InMemorySpanExporter) -> None:
    drifted(told, 2)
    with under_way("start"):
        run = started()
    drive_bulk_repairs(now=timezone.now())
    seen.clear()
    repair_bulk_items(with_workers(), clock=timezone.now)
    spans = seen.get_finished_spans()
    [bulk] = [one for one in spans if one.name == "repair in bulk"]
    assert [format_trace_id(link.context.trace_id) for link in bulk.links] == [run.traceparent.split("-")[1]]
    ends = [(one.attributes["recon.account_id"], one.attributes["recon.outcome"]) for one in spans if "one" in one.name]
    assert ends == [("acc_1", "applied"), ("acc_2", "applied")]


@pytest.mark.django_db
@pytest.mark.parametrize(("given", "is_taken"), [(f"00-{'a' * 32}-{'b' * 16}-01", True), ("00-no-trace-at-all", False)])
def test_a_callers_trace_goes_on_here(given: str, is_taken: bool, seen: InMemorySpanExporter) -> None:
    body = {"store": "cf_prod", "event_id": "1", "account_id": "acc_1", "occurred_at": "2026-01-01T00:00:00Z"}
    headers = {"authorization": "Bearer access", "traceparent": given}
    answer = Client().post(STORE_EVENTS, body, content_type="application/json", headers=headers)
    assert answer.status_code == 202
    assert {(trace_of(one) == "a" * 32) for one in seen.get_finished_spans()} == {is_taken}
    assert Inbox.objects.get().traceparent.split("-")[1] == trace_of(seen.get_finished_spans()[0])


def test_recovery_follows_the_approval_that_it_finishes(known: str, seen: InMemorySpanExporter) -> None:
    with under_way("approve"):
        repair = repair_in(ApplyState.PREPARING, traceparent=traces.traceparent())
    tasks.recover.apply()
    [approve, recover] = [one for one in seen.get_finished_spans() if one.name in ("approve", "recover")]
    assert [link.context.span_id for link in recover.links] == [approve.context.span_id]
    assert recover.attributes == {"recon.account_id": "acc_1", "recon.repair_id": str(repair.id)}


def test_a_part_of_nothing_is_not_told(seen: InMemorySpanExporter) -> None:
    """A sweep looks at thousands of accounts: it is counted, not traced."""
    with traces.span("read"):
        traces.passed("commit", traces.moment())
    assert seen.get_finished_spans() == ()


def test_of_an_exception_the_type_alone_is_told(seen: InMemorySpanExporter) -> None:
    with pytest.raises(RuntimeError), under_way("repair", account_id=f"{CANARY}@example.com"):
        raise RuntimeError(CANARY)
    [span] = seen.get_finished_spans()
    assert (span.status.status_code.name, span.status.description, span.events) == ("ERROR", "RuntimeError", ())
    assert CANARY not in span.to_json()


def test_an_answer_that_says_we_failed_is_a_failure(known: str, seen: InMemorySpanExporter, settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ()
    assert post(event()).status_code == 503
    [span] = seen.get_finished_spans()
    assert (span.name, span.status.status_code.name) == ("POST /api/v1/webhooks/stripe/", "ERROR")


def _approval(digest: str) -> tuple[dict[str, str], str]:
    return {"digest": digest, "reason": f"{CANARY} paid by wire"}, "application/json"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        traces.tracing.cache_clear()
        yield collector
        traces.leave()
        traces.tracing.cache_clear()


@pytest.fixture
def worker(known: str, collector: Collector, sandbox: Sandbox, tmp_path: Path) -> Iterator[Path]:
    """A real one, beside us; the file of its lines."""
    lines = tmp_path / "worker.log"
    env = {**os.environ, **sandbox.env(), "LOG_FORMAT": "json", "RECON_POLICY": json.dumps(POLICY)}
    with lines.open("wb") as out, subprocess.Popen(WORKER, cwd=ROOT, env=env, stdout=out, stderr=out) as process:
        yield lines
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def test_one_chain_leads_from_a_webhook_through_the_queue_to_the_stores(
    worker: Path, collector: Collector, known: str
) -> None:
    """The web is here, and the worker a process of its own: the database and the broker are all that they share."""
    something_happened()
    collector.wait_for(lambda spans: any(one.name == "recompute" for one in spans))
    bearer("read", "repair", name="support-desk")
    approved = approve_plan(
        "acc_1", digest=known, actor=ACTOR, groups={"support"}, reason="r", request_key="k", request_id="r-1"
    )
    spans = collector.wait_for(lambda spans: {"approve", "carry out", "publish"} <= {one.name for one in spans})
    by_id = {one.id: one for one in spans}

    def before(one: Arrived) -> list[str]:
        """What it is part of, or else follows, back to the event."""
        earlier = by_id.get(one.parent) or next((by_id[link] for link in one.links if link in by_id), None)
        return [one.name, *(before(earlier) if earlier else [])]

    commits = [one for one in spans if one.name == "commit"]
    assert {one.said["recon.store"] for one in commits} == set(DATABASES)
    chain = ["commit", "commit all", "apply", "carry out", "approve", "keep", "recompute", "receive event"]
    assert {tuple(before(one)) for one in commits} == {(*chain, "POST /api/v1/webhooks/stripe/")}
    assert {one.process for one in spans if one.name in ("receive event", "approve")} == {os.getpid()}
    assert {one.process for one in commits} == {one.process for one in spans if one.name == "lock"} != {os.getpid()}
    _hold_lines(worker.read_text(), approved.apply_id, commits[0].trace)


def _hold_lines(text: str, repair_id: UUID | None, trace: str) -> None:
    """Celery's own too are JSON; those of the repair name the request that asked for it, and its trace."""
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"celery.worker.strategy", "recon.under_way"} <= {line["logger"] for line in lines}
    told = next(line for line in lines if line["message"] == "carry out")
    assert {name: told[name] for name in ("level", "request_id", "account_id", "repair_id", "task", "outcome")} == {
        "level": "INFO",
        "request_id": "r-1",
        "account_id": "acc_1",
        "repair_id": str(repair_id),
        "task": "recon.carry_out",
        "outcome": "applied",
    }
    assert told["trace_id"] == trace
    assert CANARY not in text


@pytest.fixture
def silent() -> Iterator[str]:
    """A collector that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_collector_that_is_down_costs_spans_and_nothing_else(silent: str) -> None:
    """Far more spans than the queue holds; then the process ends, and waits no longer than it has patience."""
    work = "from recon.under_way import under_way\nfor _ in range(5_000):\n with under_way('x'): pass"
    told = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    working = [
        subprocess.Popen(
            [sys.executable, "-c", f"import django; django.setup(); {work}\nprint('done', flush=True)"],
            cwd=ROOT,
            env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": address},
            **told,
        )
        for address in (silent, "http://127.0.0.1:1")
    ]
    for process in working:
        assert process.stdout.readline() == "done\n"
        began = monotonic()
        assert process.wait(30) == 0
        assert monotonic() - began < PATIENCE_SECONDS + 5  # the exporter itself would take ten
        process.stdout.close()


def test_variables_that_are_wrong_switch_traces_off_and_stop_nobody(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "-1")
    with under_way("repair") as work:
        work.say(outcome="applied")
    assert traces.traceparent() is None


def test_a_child_has_a_way_of_its_own_to_the_collector(collector: Collector) -> None:
    parents = traces.tracing()
    child = os.fork()
    if child == 0:
        os._exit(traces.tracing() is parents)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    "named", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}], ids=["", "off"]
)
def test_where_traces_are_off_none_of_it_is_loaded(named: dict[str, str]) -> None:
    """But for what the broker's client looks at of itself."""
    code = "import recon.celery, sys; from recon.traces import traceparent; traceparent(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **named}, capture_output=True, text=True, check=True
    )
    ours = ("recon.open_telemetry", "opentelemetry.exporter", "opentelemetry.sdk.trace.export")
    assert [name for name in done.stdout.split() if name.startswith(ours)] == []
