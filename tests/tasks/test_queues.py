"""Where tasks go, and which one a worker that is free takes first."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from celery import Celery
from kombu import Connection

from recon.celery import app as recon_app
from recon.sandbox.cluster import Sandbox
from tests.support.commands import ROOT, own_environment


@pytest.fixture
def app() -> Iterator[Celery]:
    """Our app on the test's broker, its queues empty before and after."""

    def flush(connection: Connection) -> None:
        for queue in recon_app.amqp.queues.values():
            queue(connection.default_channel).purge()

    with recon_app.connection_for_write() as connection:
        flush(connection)
        yield recon_app
        flush(connection)


def test_what_happens_now_goes_ahead_of_what_waits_in_bulk(app: Celery) -> None:
    for number in range(3):
        app.send_task("recon.sweep_chunk", args=(number,))
    for number in range(3):
        app.send_task("recon.carry_out", args=(number,))

    assert taken(app, 6) == ["recon.carry_out"] * 3 + ["recon.sweep_chunk"] * 3


def test_a_terminal_hands_a_sweeps_chunks_to_the_workers_broker(app: Celery, sandbox: Sandbox) -> None:
    """In a process of its own, as a command is: nobody there has made Celery's app."""
    source = "import django; django.setup(); from recon.management.commands import sweep; sweep._enqueue(0)"
    given = own_environment(sandbox) | {"DJANGO_SETTINGS_MODULE": "recon.settings"}
    subprocess.run([sys.executable, "-c", source], cwd=ROOT, env=given, check=True, capture_output=True, timeout=20)
    assert taken(app, 1) == ["recon.sweep_chunk"]


def taken(app: Celery, number: int) -> list[str]:
    """The names of tasks in the order in which a worker that takes one at a time gets them."""
    names: list[str] = []
    with app.connection_for_read() as connection:
        consumer = app.amqp.TaskConsumer(connection.default_channel)
        consumer.qos(prefetch_count=1)
        consumer.callbacks = [lambda body, message: (names.append(message.headers["task"]), message.ack())]
        with consumer:
            while len(names) < number:
                connection.drain_events(timeout=5)
    return names
