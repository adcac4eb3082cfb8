"""Release several relapses with one reason; one that somebody else has released meanwhile stops nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from recon.actions.release_relapse import release_relapse
from recon.actions.settle_ticked import MOST
from recon.models import Relapse
from recon.words import reason_in


@dataclass(frozen=True, slots=True)
class Released:
    """How many were released, and how many stood no more."""

    done: int
    gone: int


def release_ticked(
    relapse_ids: Sequence[int], *, actor: str, reason: str, now: datetime, request_id: str = ""
) -> Released:
    """Each with its own audit entry. ValueError without a reason, and with nothing, or more than 200, ticked."""
    said = reason_in(reason)
    if not relapse_ids:
        raise ValueError("Tick at least one cell.")
    if len(relapse_ids) > MOST:
        raise ValueError(f"At most {MOST} at once.")
    standing = Relapse.objects.filter(id__in=relapse_ids, released_at__isnull=True).order_by("id")
    done = 0
    for relapse_id in list(standing.values_list("id", flat=True)):
        release_relapse(relapse_id, actor=actor, reason=said, now=now, request_id=request_id)
        done += 1
    return Released(done, len(set(relapse_ids)) - done)
