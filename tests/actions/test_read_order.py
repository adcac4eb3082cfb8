"""Of two evaluations that overlap, the one stands that began to read later, whoever ends first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from recon.actions.dirty import claim, mark_dirty
from recon.actions.read_stores import DATABASES
from recon.actions.recompute import recompute_account
from recon.actions.recompute_dirty import recompute_dirty
from recon.actions.sweep import Sweeper, begin_sweep, open_chunks, sweep_chunk
from recon.engine.facts import StoreName
from recon.models import AccountState, Trigger
from tests.actions.conftest import NOW

CLEAN = "settled_in_both_stores"


@dataclass(frozen=True, slots=True)
class Slow:
    """The ledger, read after the customer; `meanwhile` happens before it answers."""

    store: Any
    meanwhile: Callable[[], object]

    def in_bulk(self):
        return self

    def read(self, scope):
        self.meanwhile()
        return self.store.read(scope)

    def read_many(self, scopes, **options):
        self.meanwhile()
        return self.store.read_many(scopes, **options)


@pytest.fixture
def ticking(sweeper_at, told, sync) -> Sweeper:
    """A clock that goes on by a second with each look, over one account in order and a mirror of it."""
    told(CLEAN)
    sweeper = sweeper_at()
    sync(sweeper)
    seconds = count()

    def clock() -> datetime:
        return NOW + timedelta(seconds=next(seconds))

    for name in DATABASES:
        sweeper.stores[name].clock = clock
    return replace(sweeper, clock=clock)


def slowed(sweeper: Sweeper, meanwhile: Callable[[], object]) -> Sweeper:
    ledger = Slow(sweeper.stores[StoreName.BILLING_PROD], meanwhile)
    return replace(sweeper, stores={**sweeper.stores, StoreName.BILLING_PROD: ledger})


def make_drift(owner) -> None:
    owner("subs_customer").execute("update customers set delinquent = not delinquent")


def drifted() -> bool:
    return AccountState.objects.get().drifted_cells > 0


def test_a_sweep_does_not_undo_what_was_found_while_it_read(ticking, owner):
    def change():
        make_drift(owner)
        mark_dirty(["acc_1"], NOW)
        recompute_dirty(ticking, limit=1)

    run = begin_sweep(ticking, actor="test")
    sweep_chunk(open_chunks(run)[0], slowed(ticking, change))
    assert drifted()


def test_a_worker_that_was_slow_does_not_undo_what_was_found_meanwhile(ticking, owner):
    def change():
        make_drift(owner)
        known = {"trigger": Trigger.PERSON, "actor": "user:ada"}
        recompute_account("acc_1", stores=ticking.stores, rules=ticking.rules, now=ticking.clock(), **known)

    mark_dirty(["acc_1"], NOW)
    recompute_dirty(slowed(ticking, change), limit=1)
    assert drifted()


def test_a_sweep_reads_live_what_a_worker_reads_too_for_the_mirror_learns_of_it_later(sweeper_at, told, sync):
    told(CLEAN)
    sync(sweeper_at())
    mark_dirty(["acc_1"], NOW)
    claim(now=NOW, limit=1)
    later = sweeper_at(NOW + timedelta(minutes=1))
    sweep_chunk(open_chunks(begin_sweep(later, actor="test"))[0], later)
    assert AccountState.objects.get().reads["stripe"]["as_of"] == "2026-03-20T00:01:00Z"
