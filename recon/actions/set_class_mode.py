"""Say what is done about drift of one class: observed, written when somebody approves, or written by the engine."""

from datetime import datetime

from django.db import transaction

from recon.apply.record import Entry, record
from recon.engine.drift import DriftClass
from recon.models import ClassMode, Mode
from recon.queries.modes import VALUES
from recon.words import reason_in

NAMES = (*DriftClass, VALUES)


def set_class_mode(name: str, mode: str, *, actor: str, reason: str, now: datetime, request_id: str = "") -> None:
    """ValueError: no such class, no such mode, or no reason."""
    if name not in NAMES:
        raise ValueError(f"There is no class {name!r}; there are {', '.join(NAMES)}.")
    if mode not in Mode.values:
        raise ValueError(f"There is no mode {mode!r}; there are {', '.join(Mode.values)}.")
    said = reason_in(reason, "Say why: whoever wonders what the engine does by itself will ask.")
    with transaction.atomic():
        known = ClassMode.objects.select_for_update().filter(name=name).first()
        ClassMode.objects.update_or_create(
            name=name, defaults={"mode": mode, "set_by": actor, "reason": said, "set_at": now}
        )
        entry = Entry(
            actor=actor,
            action="mode.set",
            reason=said,
            before={"class": name, "mode": known.mode if known else Mode.APPROVE},
            after={"class": name, "mode": mode},
            request_id=request_id,
        )
        record(entry)
