"""Ask each of the six stores whether it answers, all at once, and keep what came back."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Final

from recon.engine.facts import StoreName
from recon.models import Pulse
from recon.stores.base import Store

LONGEST_S: Final = 2.0


def check_stores(
    stores: Mapping[StoreName, Store], *, clock: Callable[[], datetime], longest: float = LONGEST_S
) -> Mapping[StoreName, str]:
    """Store → why it does not answer, empty where it does. Nobody is waited for longer than `longest` seconds."""
    pool = ThreadPoolExecutor(max_workers=len(stores), thread_name_prefix="ping")
    asked = {name: pool.submit(_ping, store) for name, store in stores.items()}
    wait(asked.values(), timeout=longest)
    # One that hangs goes on by itself, until its own time-out.
    pool.shutdown(wait=False, cancel_futures=True)
    details = {name: _detail(name, future, longest) for name, future in asked.items()}
    _keep(details, clock())
    return {name: str(detail["why"]) for name, detail in details.items()}


def _ping(store: Store) -> tuple[str, float]:
    began = time.monotonic()
    return store.ping(), time.monotonic() - began


def _detail(name: StoreName, future: "Future[tuple[str, float]]", longest: float) -> dict[str, object]:
    if not future.done():
        return {"ok": False, "ms": None, "why": f"{name.value} gave no answer within {longest:.0f} s."}
    why, seconds = future.result()
    return {"ok": not why, "ms": round(seconds * 1000), "why": why}


def _keep(details: Mapping[StoreName, dict[str, object]], now: datetime) -> None:
    Pulse.objects.bulk_create(
        [Pulse(name=f"{Pulse.STORE}{name.value}", at=now, detail=detail) for name, detail in details.items()],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at", "detail"],
    )
