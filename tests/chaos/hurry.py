"""The product's Celery and web in a hurry: `CHAOS_HURRY=10` makes minutes of waiting into seconds, no order changed.

`celery -A tests.chaos.hurry worker`, and `tests.chaos.hurry_web:application` for the web. `CHAOS_BUG` plants one of
`intake_bugs.py`.
"""

import os
from typing import Any, Final

import django

from recon.celery import app

__all__ = ["app"]

HURRY: Final = float(os.environ.get("CHAOS_HURRY", "1"))
SHORTEST_SECONDS: Final = 1.0
APPLY_HURRY: Final = min(HURRY, 3.0)  # an apply may hold for ten seconds, and its lease has to last as long


def hurry() -> None:
    django.setup()
    from recon.actions import dirty, resolve_events
    from recon.apply import claim, journal

    for module, names in (
        (dirty, ("LEASE", "FIRST_BACK_OFF", "LONGEST_BACK_OFF")),
        (resolve_events, ("FIRST_WAIT", "LONGEST_WAIT")),
    ):
        for name in names:
            setattr(module, name, getattr(module, name) / HURRY)
    journal.LEASE = claim.LEASE = journal.LEASE / APPLY_HURRY  # type: ignore[misc, attr-defined]
    app.conf.beat_schedule = {name: _hurried(entry) for name, entry in app.conf.beat_schedule.items()}


def _hurried(entry: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(entry["schedule"], float):
        return entry
    options = {**entry.get("options", {})}
    options["expires"] = max(SHORTEST_SECONDS, options.get("expires", entry["schedule"]) / HURRY)
    return {**entry, "schedule": max(SHORTEST_SECONDS, entry["schedule"] / HURRY), "options": options}


def plant() -> None:
    from tests.chaos.intake_bugs import BUGS

    if name := os.environ.get("CHAOS_BUG", ""):
        BUGS[name](app)


hurry()
plant()
