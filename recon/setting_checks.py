"""`manage.py check`: settings that can be read, and with which nothing would work all the same."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from celery.signals import worker_init
from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from recon.apply.journal import gid_prefix
from recon.engine.values import CaseError
from recon.queries.policy import from_settings


@register()
def check_settings(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    return [*_check_policy(), *_check_instance()]


@register(deploy=True)
def check_checkpoints(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """Whether this process could write the audit's checkpoints, where it is told to."""
    file = settings.AUDIT_CHECKPOINTS
    if file is None or os.access(file if file.exists() else file.parent, os.W_OK):
        return []
    hint = (
        f"Make {file.parent} a directory that web and workers write, or unset it: each checkpoint is in the log, too."
    )
    return [Error(f"AUDIT_CHECKPOINTS: {file} cannot be written.", hint=hint, id="recon.E054")]


@register(deploy=True)
def check_static_files(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """Whether a page would find its style sheet under the name that it has in this release."""
    if settings.STATIC_ROOT is None or (settings.STATIC_ROOT / "staticfiles.json").is_file():
        return []
    hint = "Run `manage.py collectstatic --noinput`, with each release before its web starts."
    return [Error("No static files are collected: each page would be an error.", hint=hint, id="recon.E057")]


@worker_init.connect
def refuse_wrong_settings(**_: Any) -> None:
    """Called where a server starts. SystemExit, for Celery passes over all else: each task would end in it."""
    if told := check_settings():
        raise SystemExit("\n".join(message.msg for message in told))


def _check_policy() -> Iterator[CheckMessage]:
    try:
        from_settings()
    except CaseError as error:
        hint = "Set it to JSON as the `policy` of a case has it; what is left out has its default."
        yield Error(f"RECON_POLICY is no policy: {error}.", hint=hint, id="recon.E052")


def _check_instance() -> Iterator[CheckMessage]:
    try:
        gid_prefix(settings.RECON_INSTANCE)
    except ValueError as error:
        hint = "It is part of the name of every prepared transaction, and tells ours from another installation's."
        yield Error(str(error), hint=hint, id="recon.E053")
