"""Celery's app and the whole schedule.

The schedule only wakes what the database says is due, so a beat that is late, doubled or absent loses nothing.
"""

import os
import sys
from typing import Any

from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import task_postrun, task_prerun, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recon.settings")

app = Celery("recon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["recon"])
# Celery would close Django's connections around every task, and a new one costs as much as many a task does.
app.conf.CELERY_DB_REUSE_MAX = sys.maxsize
app.conf.beat_schedule = {
    "settle what a crash left": {"task": "recon.recover", "schedule": 60.0, "options": {"expires": 55}},
    "carry out what nobody took": {"task": "recon.carry_out_waiting", "schedule": 5.0, "options": {"expires": 5}},
    "drive bulk repairs": {"task": "recon.drive_bulk_repairs", "schedule": 3.0, "options": {"expires": 3}},
    "drive policy previews": {"task": "recon.drive_policy_previews", "schedule": 5.0, "options": {"expires": 5}},
    "repair what may be repaired without a person": {
        "task": "recon.repair_automatically",
        "schedule": 30.0,
        "options": {"expires": 29},
    },
    "sign the audit's end": {"task": "recon.checkpoint_audit", "schedule": 300.0, "options": {"expires": 290}},
    "prove the audit": {"task": "recon.verify_audit", "schedule": 3600.0, "options": {"expires": 3500}},
    "show signs of life": {"task": "recon.pulse", "schedule": 15.0, "options": {"expires": 60}},
    "ask the stores": {"task": "recon.check_stores", "schedule": 60.0, "options": {"expires": 55}},
    "forget what is old": {"task": "recon.prune", "schedule": crontab(minute="41", hour="3")},
    "recompute what is dirty or due": {"task": "recon.recompute_due", "schedule": 15.0, "options": {"expires": 14}},
    "find the accounts of events": {"task": "recon.resolve_events", "schedule": 15.0, "options": {"expires": 14}},
    "publish events": {"task": "recon.publish_events", "schedule": 5.0, "options": {"expires": 5}},
    "refresh the mirror of Stripe": {"task": "recon.sync_stripe", "schedule": 300.0, "options": {"expires": 290}},
    "keep the drift's course": {"task": "recon.keep_point", "schedule": 300.0, "options": {"expires": 290}},
    "sweep": {"task": "recon.sweep", "schedule": crontab(minute="7", hour="*"), "options": {"expires": 3000}},
    "prove the sweeps": {
        "task": "recon.sweep",
        "schedule": crontab(minute="37", hour="2", day_of_week="sun"),
        "kwargs": {"full": True},
        "options": {"expires": 3000},
    },
}


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
