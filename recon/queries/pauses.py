"""Whether all applies are paused, by whom, and why."""

from dataclasses import dataclass
from datetime import datetime

from recon.models import Switch


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is applied until somebody lets it go on again. `set_by` is an actor, as user:name."""

    set_by: str
    reason: str
    set_at: datetime


def applies_paused() -> Pause | None:
    """None when plans may be applied."""
    row = Switch.objects.filter(name=Switch.APPLIES_PAUSED, is_on=True).first()
    return Pause(row.set_by, row.reason, row.set_at) if row else None
