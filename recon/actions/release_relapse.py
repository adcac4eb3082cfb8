"""Let a cell be written automatically again that somebody had kept changing back."""

from datetime import datetime

from django.db import transaction

from recon.apply.record import Entry, record
from recon.models import Relapse
from recon.words import reason_in


def release_relapse(relapse_id: int, *, actor: str, reason: str, now: datetime, request_id: str = "") -> None:
    """A person says that the other writer is stopped: the cell may be written automatically again.

    ValueError without a reason, or when there is no such standing relapse.
    """
    said = reason_in(reason, "Say why the cell will not be changed back any more.")
    with transaction.atomic():
        relapse = Relapse.objects.select_for_update().filter(id=relapse_id, released_at__isnull=True).first()
        if relapse is None:
            raise ValueError("There is no such relapse, or somebody has released it.")
        relapse.released_at, relapse.released_by, relapse.release_reason = now, actor, said
        relapse.save(update_fields=["released_at", "released_by", "release_reason"])
        entry = Entry(
            actor=actor,
            action="relapse.released",
            reason=said,
            account=relapse.account_id,
            before={"place": relapse.place, "automatic": False},
            after={"place": relapse.place, "automatic": True},
            request_id=request_id,
            apply_id=relapse.apply_id,
        )
        record(entry)
