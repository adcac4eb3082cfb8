"""The outbox into the stream: in order, at least once, and none left behind."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connections, transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

from recon.actions import publish_events as publishing
from recon.actions.publish_events import AT_ONCE, ONE_PUBLISHER, STREAM, publish_events
from recon.apply.tell import Event, tell, told
from recon.bootstrap import event_stream
from recon.models import EventKind, OutboxEvent
from recon.sandbox.ports import keep_or_find
from recon.tasks import publish_events as publish_by_schedule

NOW = datetime(2026, 3, 20, tzinfo=UTC)
pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stream() -> Iterator[redis.Redis]:
    client = event_stream()
    client.delete(STREAM)
    yield client
    client.delete(STREAM)


def publish(stream: redis.Redis, most_kept: int = 100_000) -> int:
    return publish_events(stream, now=NOW, most_kept=most_kept)


def tell_of(*accounts: str) -> None:
    tell(Event(EventKind.DRIFT_DETECTED, account_id) for account_id in accounts)


def published(stream: redis.Redis) -> list[dict[str, str]]:
    return [{k.decode(): v.decode() for k, v in fields.items()} for _, fields in stream.xrange(STREAM)]


def waiting() -> int:
    return OutboxEvent.objects.filter(published_at__isnull=True).count()


def test_an_event_is_published_whole(stream: redis.Redis) -> None:
    tell([Event(EventKind.STATE_CHANGED, "acc_1", {"state": "bad_debt"}, {"state": "clear"}, "apply:1")], audit_seq=7)
    OutboxEvent.objects.update(at=NOW)
    publish(stream)
    kept, (fields,) = OutboxEvent.objects.get(), published(stream)
    assert fields == {
        "event_id": str(kept.event_id),
        "sequence": str(kept.sequence),
        "kind": "account.state_changed",
        "account_id": "acc_1",
        "at": "2026-03-20T00:00:00Z",
        "before": '{"state": "bad_debt"}',
        "after": '{"state": "clear"}',
        "cause": "apply:1",
        "audit_seq": "7",
    }


def test_events_are_published_in_order_and_once(stream: redis.Redis) -> None:
    tell_of("acc_0", "acc_1", "acc_2")
    assert (publish(stream), publish(stream)) == (3, 0)
    assert [one["account_id"] for one in published(stream)] == ["acc_0", "acc_1", "acc_2"]


def test_what_was_not_marked_is_published_again_under_its_id(stream: redis.Redis) -> None:
    tell_of("acc_1")
    publish(stream)
    OutboxEvent.objects.update(published_at=None)
    publish(stream)
    first, second = published(stream)
    assert first == second


def test_a_batch_is_one_round_trip(stream: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []

    class Counting(redis.client.Pipeline):
        def execute(self, raise_on_error: bool = True) -> list[Any]:
            sent.append(len(self))
            return super().execute(raise_on_error)

    def counting(transaction: bool = True) -> Counting:
        return Counting(stream.connection_pool, stream.response_callbacks, transaction, None)

    monkeypatch.setattr(stream, "pipeline", counting)
    tell_of(*(f"acc_{number}" for number in range(AT_ONCE + 1)))
    publish(stream)
    assert sent == [AT_ONCE, 1]


def test_the_stream_is_trimmed_and_the_outbox_is_not(stream: redis.Redis) -> None:
    tell_of(*(f"acc_{number}" for number in range(1_000)))
    publish(stream, most_kept=100)
    assert 100 <= stream.xlen(STREAM) < 300
    assert published(stream)[-1]["account_id"] == "acc_999"
    assert OutboxEvent.objects.count() == 1_000


def nobody() -> redis.Redis:
    """A stream where no server listens."""
    return redis.Redis(host="127.0.0.1", port=keep_or_find(None), retry=Retry(NoBackoff(), 1))


def test_a_broker_that_is_down_leaves_the_outbox_as_it_is() -> None:
    tell_of("acc_1")
    with pytest.raises(redis.ConnectionError):
        publish(nobody())
    assert waiting() == 1


def test_the_schedule_takes_a_broker_that_is_down_for_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    tell_of("acc_1")
    monkeypatch.setattr("recon.bootstrap.event_stream", nobody)
    publish_by_schedule()
    assert waiting() == 1


@committed
def test_while_another_publishes_nobody_else_does(stream: redis.Redis) -> None:
    tell_of("acc_1")
    with psycopg.connect(settings.DATABASE_URL) as other:
        other.execute("select pg_advisory_xact_lock(%s)", [ONE_PUBLISHER])
        assert (publish(stream), waiting()) == (0, 1)
    assert publish(stream) == 1


@committed
def test_what_is_told_during_the_last_batch_is_published_by_the_same_publisher(
    stream: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who brings the hint meets a publisher at work and leaves: that one has to look once more."""
    send, late = publishing._send, ["acc_2"]

    def while_it_sends(*args: Any) -> None:
        send(*args)
        if late:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(tell_of, late.pop()).result()
                pool.submit(connections.close_all).result()

    monkeypatch.setattr(publishing, "_send", while_it_sends)
    tell_of("acc_1")
    assert publish(stream) == 2


@committed
def test_each_account_is_in_order_with_many_writers_and_publishers(stream: redis.Redis) -> None:
    writers, each = 6, 30

    def write(writer: int) -> None:
        for number in range(each):
            with transaction.atomic():
                tell([Event(EventKind.DRIFT_DETECTED, f"acc_{writer}", None, {"n": number})])
            if number % 7 == 0:
                publish(stream)
        connections.close_all()

    with ThreadPoolExecutor(writers) as pool:
        for one in [pool.submit(write, writer) for writer in range(writers)]:
            one.result()
    publish(stream)
    events = published(stream)
    sequences = [int(one["sequence"]) for one in events]
    assert (sequences, len(events)) == (sorted(set(sequences)), writers * each)
    for writer in range(writers):
        told_of = [json.loads(one["after"])["n"] for one in events if one["account_id"] == f"acc_{writer}"]
        assert told_of == list(range(each))


@committed
@pytest.mark.parametrize("at_batch", [1, 2, 3])
def test_a_publisher_killed_before_its_mark_loses_nothing(stream: redis.Redis, at_batch: int) -> None:
    tell_of(*(f"acc_{number % 40}" for number in range(2 * AT_ONCE + 7)))
    killed = subprocess.run(
        [sys.executable, "-m", "tests.support.killed_publisher", str(at_batch)], check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    before = len(published(stream))
    again = publish(stream)
    events = published(stream)
    twice = AT_ONCE if at_batch < 3 else 7
    assert (before + again, waiting()) == (2 * AT_ONCE + 7 + twice, 0)
    firsts = list({one["event_id"]: one for one in events}.values())
    kept = [str(sequence) for sequence in OutboxEvent.objects.order_by("sequence").values_list("sequence", flat=True)]
    assert [one["sequence"] for one in firsts] == kept


@pytest.fixture
def hints() -> Iterator[list[str]]:
    """A line for each time that somebody is told to publish."""
    heard: list[str] = []

    def hear(**_: Any) -> None:
        heard.append("publish")

    told.connect(hear)
    yield heard
    told.disconnect(hear)


def test_the_hint_comes_once_it_is_committed(
    hints: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        tell_of("acc_1", "acc_2")
        assert hints == []
    assert hints == ["publish"]


def test_where_nothing_is_told_nobody_is_woken(
    hints: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        tell_of()
    assert hints == []


@committed
def test_the_hint_is_the_task_that_publishes() -> None:
    from recon.celery import app

    with app.connection_for_write() as connection:
        queue = app.amqp.queues["now"](connection.default_channel)
        queue.purge()
        tell_of("acc_1")
        names: list[str] = []
        consumer = app.amqp.TaskConsumer(connection.default_channel, queues=[app.amqp.queues["now"]])
        consumer.callbacks = [lambda body, message: (names.append(message.headers["task"]), message.ack())]
        with consumer:
            connection.drain_events(timeout=10)
        queue.purge()
    assert names == ["recon.publish_events"]
