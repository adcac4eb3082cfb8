"""Who kills: in a seeded order, each kind as often as it was given, and after a pause everything is started again."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from tests.chaos.fleet import BEAT, LISTEN, OTHER_WORKER, PROCESSES, WEB, WORKER, WORKERS, Fleet

VALKEY, FLUSH, POSTGRES, CHILD, ALL_WORKERS = "valkey", "valkey flushed", "postgres", "worker's child", "flush and all"
LONGEST_PAUSE: Final = 2.5
KINDS: Final = (WORKER, OTHER_WORKER, CHILD, BEAT, WEB, LISTEN, VALKEY, FLUSH, ALL_WORKERS)


class Nemesis:
    """`blows` in all are spread evenly over the time; PostgreSQL, which takes all else with it, is hit more seldom."""

    def __init__(self, fleet: Fleet, chance: random.Random, *, seconds: float, rounds: int) -> None:
        self.kills: Counter[str] = Counter()
        self._fleet = fleet
        self._chance = chance
        self._deck = [kind for _ in range(rounds) for kind in KINDS] + [POSTGRES] * max(1, rounds // 2)
        chance.shuffle(self._deck)
        self._between = seconds / (len(self._deck) + 1)
        self._blows: Mapping[str, Callable[[], None]] = {
            **{name: partial(fleet.kill, name) for name in PROCESSES},
            CHILD: lambda: fleet.kill_child(chance.choice((WORKER, OTHER_WORKER)), chance),
            VALKEY: fleet.kill_valkey,
            FLUSH: fleet.flush_valkey,
            POSTGRES: fleet.kill_postgres,
            ALL_WORKERS: self._flush_and_kill_workers,
        }

    def rage(self, ends: threading.Event) -> None:
        """Until the deck is empty or somebody says stop; what it killed last may lie there then."""
        for kind in self._deck:
            self._fleet.look_after()
            if ends.wait(max(0.0, self._between - LONGEST_PAUSE / 2)):
                return
            self._blows[kind]()
            self.kills[kind] += 1
            if ends.wait(self._chance.uniform(0.2, min(LONGEST_PAUSE, self._between))):
                return
            self._fleet.start_everything()

    def _flush_and_kill_workers(self) -> None:
        self._fleet.flush_valkey()
        for worker in WORKERS:
            self._fleet.kill(worker)
