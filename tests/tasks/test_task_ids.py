"""A task's lines name it and the request that asked for it, which came with its message."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from celery.app.trace import build_tracer

from recon import bootstrap
from recon.actions.wake import wake
from recon.celery import app
from recon.under_way import carried, ids, known

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen() -> Iterator[list[Mapping[str, str]]]:
    """The ids that the task `tests.who_asks` saw, each time it ran."""
    came: list[Mapping[str, str]] = []

    @app.task(name="tests.who_asks", shared=False)
    def who_asks() -> None:
        came.append(ids())

    yield came
    app.tasks.pop(who_asks.name)


def run(task_id: str, headers: Mapping[str, Any]) -> None:
    """As a worker does, told no more than the message has."""
    task = app.tasks["tests.who_asks"]
    build_tracer(task.name, task, app=app)(task_id, (), {}, {"is_eager": False, **headers})


def test_the_request_that_asked_is_known_in_the_task(seen: list[Mapping[str, str]]) -> None:
    with known(request_id="r-1"):
        headers = carried()
    run("t-1", headers)
    run("t-2", carried())
    assert seen == [
        {"task": "tests.who_asks", "task_id": "t-1", "request_id": "r-1"},
        {"task": "tests.who_asks", "task_id": "t-2"},
    ]
    assert ids() == {}


@pytest.mark.django_db(transaction=True)
def test_whoever_wakes_a_task_hands_on_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the message, as it lies in the broker."""
    sent: list[Mapping[str, Any]] = []
    monkeypatch.setattr(bootstrap.task_sender(), "send_task", lambda *_, **options: sent.append(options["headers"]))
    with known(request_id="r-1"):
        wake("recon.carry_out", "1")
    assert sent == [{"recon": {"request_id": "r-1"}}]
