"""When the worker, the schedule and each store were last heard of."""

from dataclasses import dataclass
from datetime import datetime

from recon.engine.enums import StoreName
from recon.models import Pulse


@dataclass(frozen=True, slots=True)
class StorePing:
    """The last time that a store was asked whether it answers; `why_not` is empty when it did, after `ms`."""

    store: str
    asked_at: datetime
    ms: int | None
    why_not: str


@dataclass(frozen=True, slots=True)
class Pulses:
    """Last signs of life; None: never. `beat` is the schedule."""

    worker: datetime | None
    beat: datetime | None
    stores: tuple[StorePing, ...]


def pulses() -> Pulses:
    """All of them in one query; a store that was never asked is left out."""
    rows = {row.name: row for row in Pulse.objects.all()}
    asked = {store.value: rows.get(f"{Pulse.STORE}{store.value}") for store in StoreName}
    return Pulses(
        worker=rows[Pulse.WORKER].at if Pulse.WORKER in rows else None,
        beat=rows[Pulse.BEAT].at if Pulse.BEAT in rows else None,
        stores=tuple(
            StorePing(store, row.at, row.detail.get("ms"), row.detail.get("why", ""))
            for store, row in asked.items()
            if row is not None
        ),
    )


def worker_seen_at() -> datetime | None:
    """When a worker was last heard of; None: never."""
    return Pulse.objects.filter(name=Pulse.WORKER).values_list("at", flat=True).first()
