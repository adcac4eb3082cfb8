"""Says where our database was restored, before a worker acts on it and when somebody checks."""

from collections.abc import Sequence
from typing import Any

from celery.signals import worker_init
from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connection
from django.utils import timezone


@register(Tags.database)
def check_restored(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **_: Any
) -> list[CheckMessage]:
    from recon.actions.restored import signs  # its models need the apps

    if not databases or "default" not in databases:
        return []
    try:
        found = " ".join(signs())
    except DatabaseError:
        return []  # that it does not answer, or is not migrated, others say
    hint = "`manage.py restored` says what there is and how to go on."
    told = f"Our database is older than what it wrote. {found}"
    return [Error(told, hint=hint, id="recon.E070")] if found else []


@worker_init.connect
def hold_if_restored(**_: Any) -> None:
    """Before the first task. A database that does not answer yet is asked again by recovery."""
    from recon.actions.restored import why_held

    try:
        why_held(now=timezone.now())
    except DatabaseError:
        return
    finally:
        connection.close()  # a fork may follow, and two processes cannot share it
