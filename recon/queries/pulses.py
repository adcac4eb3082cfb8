"""When the worker, the schedule and each store were last heard of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recon.engine.enums import StoreName
from recon.models import Pulse


@dataclass(frozen=True, slots=True)
class ReplicaSeen:
    """A store's replica when it was last asked: `lag_s` seconds behind, None where nobody can tell; `why_not` says why
    it is passed over, empty where it is read."""

    lag_s: float | None
    why_not: str


@dataclass(frozen=True, slots=True)
class StorePing:
    """The last time that a store was asked whether it answers; `why_not` is empty when it did, after `ms`. `prepared`
    are the transactions of ours that were prepared there, the first one `prepared_since`; None where there are none by
    nature, or it did not say. `read_only` is place by place why nothing can be written there."""

    store: str
    asked_at: datetime
    ms: int | None
    why_not: str
    prepared: int | None = None
    prepared_since: datetime | None = None
    replica: ReplicaSeen | None = None
    read_only: Mapping[str, str] = field(default_factory=dict)


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
        stores=tuple(_ping(store, row) for store, row in asked.items() if row is not None),
    )


def _ping(store: str, row: Pulse) -> StorePing:
    since = row.detail.get("prepared_since")
    return StorePing(
        store=store,
        asked_at=row.at,
        ms=row.detail.get("ms"),
        why_not=row.detail.get("why", ""),
        prepared=row.detail.get("prepared"),
        prepared_since=datetime.fromisoformat(since) if since else None,
        replica=_replica(row.detail.get("replica")),
        read_only=row.detail.get("read_only", {}),
    )


def _replica(told: Mapping[str, Any] | None) -> ReplicaSeen | None:
    return ReplicaSeen(told["lag_s"], told["why"]) if told else None


def worker_seen_at() -> datetime | None:
    """When a worker was last heard of; None: never."""
    return Pulse.objects.filter(name=Pulse.WORKER).values_list("at", flat=True).first()
