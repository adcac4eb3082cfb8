"""Ask each of the six stores whether it answers, all at once, and keep what came back."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any, Final

from django.conf import settings

from recon.apply.journal import gid_prefix
from recon.engine.facts import StoreName
from recon.models import Pulse
from recon.stores.base import Store, StoreError, WritableStore
from recon.stores.postgres import PostgresStore
from recon.stores.replica import NOBODY_KNOWS, ReplicatedStore
from recon.stores.writable import hindrances

LONGEST_S: Final = 2.0
Detail = dict[str, Any]  # as Pulse keeps it


def check_stores(
    stores: Mapping[StoreName, Store], *, clock: Callable[[], datetime], longest: float = LONGEST_S
) -> Mapping[StoreName, str]:
    """Store → why it does not answer, empty where it does. Nobody is waited for longer than `longest` seconds."""
    pool = ThreadPoolExecutor(max_workers=len(stores), thread_name_prefix="ping")
    asked = {name: pool.submit(_ask, name, store) for name, store in stores.items()}
    wait(asked.values(), timeout=longest)
    # One that hangs goes on by itself, until its own time-out.
    pool.shutdown(wait=False, cancel_futures=True)
    details = {name: _detail(name, future, longest) for name, future in asked.items()}
    _keep(details, clock())
    return {name: str(detail["why"]) for name, detail in details.items()}


def _ask(name: StoreName, store: Store) -> Detail:
    began = time.monotonic()
    why = store.ping()
    answered: Detail = {"ok": not why, "ms": round(1_000 * (time.monotonic() - began)), "why": why}
    database = store
    if isinstance(store, ReplicatedStore):
        answered |= _replica(store)
        database = store.primary or store.replica
    if why or not isinstance(database, PostgresStore):
        return answered
    return answered | _prepared(database) | _read_only(database)


def _replica(store: ReplicatedStore) -> Detail:
    """How many seconds it is behind, None where nobody can tell; and why it is passed over, empty where it is read."""
    standing = store.standing()
    lag = max(0.0, (store.clock() - standing.as_of).total_seconds())
    return {"replica": {"lag_s": None if standing.as_of == NOBODY_KNOWS else round(lag, 3), "why": standing.why_not}}


def _read_only(store: PostgresStore) -> Detail:
    """Place by place why nothing can be written there."""
    try:
        return {"read_only": hindrances(store)}
    except StoreError:
        return {}


def _prepared(store: WritableStore) -> Detail:
    """How many transactions of ours are prepared there, and since when the first of them."""
    try:
        found = store.in_doubt(gid_prefix(settings.RECON_INSTANCE))
    except StoreError:
        return {}
    oldest = min((one.prepared_at for one in found), default=None)
    return {"prepared": len(found), "prepared_since": oldest.isoformat() if oldest else None}


def _detail(name: StoreName, future: "Future[Detail]", longest: float) -> Detail:
    if not future.done():
        return {"ok": False, "ms": None, "why": f"{name.value} gave no answer within {longest:.0f} s."}
    return future.result()


def _keep(details: Mapping[StoreName, Detail], now: datetime) -> None:
    Pulse.objects.bulk_create(
        [Pulse(name=f"{Pulse.STORE}{name.value}", at=now, detail=detail) for name, detail in details.items()],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at", "detail"],
    )
