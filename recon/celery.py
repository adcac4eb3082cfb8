"""Celery's app and the whole schedule.

The schedule only wakes what the database says is due, so a beat that is late, doubled or absent loses nothing.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recon.settings")

app = Celery("recon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["recon"])
