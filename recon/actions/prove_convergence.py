"""Prove that an account's verdict does not depend on how its events arrive. Nothing is written anywhere.

An event means only: look at this account again. So its last events are delivered once more, on paper: shuffled, some
twice, some never, each at a moment at which one of them did arrive. At each delivery the rules look at what the stores
had said by then, and in the end, as a sweep would, at what they say now. Had the rules a memory, or a grain of trust in
an event, two orders would part somewhere: in the end, or at a moment that another order passed too.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from recon.actions import equipment
from recon.actions.evaluate import Rules, evaluate
from recon.actions.keep_evaluations import Evaluated
from recon.actions.keep_snapshots import canonical_json
from recon.actions.read_stores import Stores, read_live
from recon.engine.facts import Reading, StoreName
from recon.queries.deliveries import Delivery, last_deliveries
from recon.queries.snapshots import as_of

RUNS: Final = 20
LAST: Final = 10
MOST_SECONDS: Final = 2.0
LOST: Final = 0.2
TWICE: Final = 0.3
Look = Callable[[str, Sequence[Reading], Rules, datetime], Evaluated]


@dataclass(frozen=True, slots=True)
class Run:
    """One order: the places (from 0) of the events in the order in which they were delivered, and of those that were
    lost. `digest` is the seal of the whole answer in the end; `strayed` are the moments at which the answer was not the
    one that this moment has by itself."""

    order: tuple[int, ...]
    lost: tuple[int, ...]
    digest: str
    strayed: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """`digest` is the seal of the answer to what the stores say now; `state` is None where the verdict is unknown.
    Fewer runs than were asked for: the time was up. `looks` counts evaluations."""

    deliveries: tuple[Delivery, ...]
    digest: str
    state: str | None
    read_at: datetime
    runs: tuple[Run, ...]
    looks: int
    seconds: float

    @property
    def parted(self) -> tuple[Run, ...]:
        """The orders that ended elsewhere, or strayed on the way."""
        return tuple(run for run in self.runs if run.strayed or run.digest != self.digest)


def convergence_of(account_id: str) -> Proof:
    """Of the account as it is now, with the stores and rules of this installation."""
    sweeper = equipment.sweeper()
    return prove_convergence(account_id, stores=sweeper.stores, rules=sweeper.rules, now=sweeper.clock())


def prove_convergence(
    account_id: str,
    *,
    stores: Stores,
    rules: Rules,
    now: datetime,
    look: Look = evaluate,
    timer: Callable[[], float] = time.perf_counter,
) -> Proof:
    """Reads the six stores once. `look` is what is proved: the rules."""
    readings = read_live(stores, account_id)
    deliveries = last_deliveries(account_id, most=LAST)
    moments = {one.at: _said_by(account_id, one.at) for one in deliveries}
    begun, looks = timer(), 0

    def seal(readings: Sequence[Reading], at: datetime) -> str:
        nonlocal looks
        looks += 1
        return sha256(canonical_json(look(account_id, readings, rules, at).answer).encode()).hexdigest()

    # The moments first, the oldest before all: a memory is empty but once.
    by_itself = {at: seal(said, at) for at, said in moments.items()}
    answer = look(account_id, readings, rules, now).answer
    runs: list[Run] = []
    while len(runs) < RUNS and (not runs or timer() - begun < MOST_SECONDS):
        order, lost = _order(f"{account_id} {len(runs)}", len(deliveries))
        strayed = _strayed(order, deliveries, moments, by_itself, seal)
        runs.append(Run(order, lost, seal(readings, now), strayed))
    return Proof(
        deliveries=deliveries,
        digest=sha256(canonical_json(answer).encode()).hexdigest(),
        state=answer["truth"]["state"] if answer["truth"] else None,
        read_at=now,
        runs=tuple(runs),
        looks=looks + 1,
        seconds=timer() - begun,
    )


def _order(seed: str, number: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A delivery of so many events by chance, the same for the same seed: the order, and what was lost."""
    chance = random.Random(seed)
    lost = tuple(place for place in range(number) if chance.random() < LOST)
    order = [place for place in range(number) if place not in lost]
    order += [place for place in order if chance.random() < TWICE]
    chance.shuffle(order)
    return tuple(order), lost


def _strayed(
    order: Sequence[int],
    deliveries: Sequence[Delivery],
    moments: Mapping[datetime, Sequence[Reading]],
    by_itself: Mapping[datetime, str],
    seal: Callable[[Sequence[Reading], datetime], str],
) -> tuple[datetime, ...]:
    """Events change places, time does not: each delivery comes at a moment at which some event did arrive."""
    times = [deliveries[step * len(deliveries) // len(order)].at for step in range(len(order))]
    return tuple(at for at in times if seal(moments[at], at) != by_itself[at])


def _said_by(account_id: str, moment: datetime) -> tuple[Reading, ...]:
    """What a look at that moment had read, as far as we know it."""
    said = as_of(account_id, moment)
    return tuple(
        Reading(store, moment, dict(said[store].tables))
        if store in said
        else Reading(store, None, {}, ok=False, reason=f"{store}: not read by then")
        for store in StoreName
    )
