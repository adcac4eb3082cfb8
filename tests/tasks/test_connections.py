"""A worker's connection to our own database: kept from task to task, and given up when it is no good."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from celery import signals
from celery.app.trace import build_tracer
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection

from recon.celery import app

Run = Callable[[], int]


@pytest.fixture
def run(transactional_db: None) -> Iterator[Run]:
    """Runs a task as a worker does; the number of the database's process that served it."""
    served: list[int] = []

    @app.task(name="tests.who_serves", shared=False)
    def who_serves() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            served.append(cursor.fetchone()[0])

    def run() -> int:
        build_tracer(who_serves.name, who_serves, app=app)(str(uuid4()), (), {}, {"is_eager": False})
        return served.pop()

    fixup = DjangoWorkerFixup(app)
    signals.task_prerun.connect(fixup.on_task_prerun)
    signals.task_postrun.connect(fixup.on_task_postrun)
    yield run
    signals.task_prerun.disconnect(fixup.on_task_prerun)
    signals.task_postrun.disconnect(fixup.on_task_postrun)
    app.tasks.pop(who_serves.name)


def test_one_task_after_the_other_takes_the_same(run: Run) -> None:
    assert len({run() for _ in range(3)}) == 1


def test_one_that_the_server_closed_is_not_taken_again(run: Run) -> None:
    before = run()
    with connection.copy().cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    assert run() != before
