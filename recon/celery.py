"""Celery's app."""

import os
import sys
from typing import Any

from celery import Celery, Task
from celery.signals import after_task_publish, beat_init, heartbeat_sent, task_postrun, task_prerun, worker_ready
from django.conf import settings

from recon import broker, heartbeat
from recon.schedule import SCHEDULE
from recon.task_ids import know_the_task  # noqa: F401 # with what else there listens to Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recon.settings")

app = Celery("recon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["recon"])
# Celery would close Django's connections around every task, and a new one costs as much as many a task does.
app.conf.CELERY_DB_REUSE_MAX = sys.maxsize
app.conf.beat_schedule = SCHEDULE
broker.make_room_whatever_happens()


@task_prerun.connect
@task_postrun.connect
def drop_bad_connections(sender: "Task[Any, Any]", **_: Any) -> None:
    """Around a task as around a request: a connection that is broken, or older than CONN_MAX_AGE, is closed."""
    from django.db import close_old_connections

    if not sender.request.is_eager:
        close_old_connections()


@worker_ready.connect
def prove_the_audit_at_start(**_: Any) -> None:
    """Whoever changed the audit while nothing ran is found before the next hour."""
    app.send_task("recon.verify_audit", expires=600)


@beat_init.connect
def show_what_is_sent(**_: Any) -> None:
    """Beat lives while it hands tasks to the broker; its shortest interval is seconds."""
    after_task_publish.connect(show_life, weak=False)


@heartbeat_sent.connect
def show_life(**_: Any) -> None:
    """A worker's loop, every two seconds while the broker hands it tasks, however long its processes are at one."""
    heartbeat.touch(settings.HEARTBEAT)
