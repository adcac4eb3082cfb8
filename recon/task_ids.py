"""Celery at the edge: whatever a task logs names it, and its work is part of the trace of whoever asked for it."""

import logging
from contextlib import ExitStack
from typing import Any, Final

from celery import Task
from celery.signals import setup_logging, task_postrun, task_prerun, worker_process_shutdown

from recon.traces import leave, within
from recon.under_way import CARRIED, known

MEANWHILE: Final = "recon_meanwhile"


@setup_logging.connect
def keep_our_lines(loglevel: int | None, **_: Any) -> None:
    """Celery's lines are written as all others are; its option says from which level on."""
    logging.getLogger().setLevel(loglevel or logging.WARNING)


@task_prerun.connect
def know_the_task(sender: "Task[Any, Any]", task_id: str, **_: Any) -> None:
    """Whatever it logs names it, and the request that asked for it; and its work is part of the trace of that."""
    asked = sender.request.get(CARRIED) or {}
    meanwhile = ExitStack()
    request_id = asked.get("request_id", "")
    meanwhile.enter_context(known(task=sender.name or "", task_id=task_id, request_id=request_id))
    meanwhile.enter_context(within(asked.get("traceparent")))
    setattr(sender.request, MEANWHILE, meanwhile)


@task_postrun.connect
def forget_the_task(sender: "Task[Any, Any]", **_: Any) -> None:
    getattr(sender.request, MEANWHILE).close()


@worker_process_shutdown.connect
def send_what_is_left(**_: Any) -> None:
    """A process of Celery's ends without Python's own way out."""
    leave()
