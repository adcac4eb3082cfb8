"""Celery's app."""

import os
import sys
from typing import Any

from celery import Celery, Task
from celery.signals import task_postrun, task_prerun, worker_ready

from recon.schedule import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recon.settings")

app = Celery("recon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["recon"])
# Celery would close Django's connections around every task, and a new one costs as much as many a task does.
app.conf.CELERY_DB_REUSE_MAX = sys.maxsize
app.conf.beat_schedule = SCHEDULE


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
