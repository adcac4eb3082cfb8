"""What another policy would change, summed up over many accounts: chunks are counted each by itself and added up.

Money is summed by currency and never across them. The examples are a fair draw that needs no memory: the ten accounts
whose names have the smallest hashes.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from recon.engine.plan import Risk
from recon.engine.policy_effect import Effect
from recon.engine.truth import ACCESS

EXAMPLES: Final = 10
Json = Mapping[str, Any]


@dataclass(slots=True)
class PolicyCounts:
    """`recomputed` accounts, of which so many are `unreadable` and so many `changed`; of these `severe`, `lenient`, and
    the rest in ways that take and give nothing.

    `states` is `from>to` → accounts, `owed` the same → currency → minor units; `access` is field → [given, taken];
    `plans` is `from>to` → accounts, an unmapped one empty; `examples` are {account_id, before, after, risk, draw}.
    """

    salt: str
    recomputed: int = 0
    unreadable: int = 0
    changed: int = 0
    severe: int = 0
    lenient: int = 0
    states: Counter[str] = field(default_factory=Counter)
    owed: dict[str, Counter[str]] = field(default_factory=dict)
    access: dict[str, list[int]] = field(default_factory=lambda: {name: [0, 0] for name in ACCESS})
    plans: Counter[str] = field(default_factory=Counter)
    examples: list[Json] = field(default_factory=list)

    def count(self, account_id: str, effect: Effect | None) -> None:
        """One account; None is one whose facts give no verdict."""
        self.recomputed += 1
        if effect is None:
            self.unreadable += 1
        elif effect.is_change:
            self.changed += 1
            self.severe += effect.risk is Risk.SEVERE
            self.lenient += effect.risk is Risk.LENIENT
            self._count_state(effect)
            self._count_access(effect)
            if effect.before.plan_code != effect.after.plan_code:
                self.plans[f"{effect.before.plan_code or ''}>{effect.after.plan_code or ''}"] += 1
            self._draw([_example(account_id, effect, self.salt)])

    def add(self, other: Json) -> None:
        """What was counted elsewhere, as `as_json` wrote it."""
        for name in ("recomputed", "unreadable", "changed", "severe", "lenient"):
            setattr(self, name, getattr(self, name) + other[name])
        self.states.update(other["states"])
        self.plans.update(other["plans"])
        for pair, sums in other["owed"].items():
            self.owed.setdefault(pair, Counter()).update(sums)
        for name, (given, taken) in other["access"].items():
            self.access[name] = [self.access[name][0] + given, self.access[name][1] + taken]
        self._draw(other["examples"])

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "salt"}

    def _count_state(self, effect: Effect) -> None:
        if effect.before.state is not effect.after.state:
            pair = f"{effect.before.state}>{effect.after.state}"
            self.states[pair] += 1
            owed = self.owed.setdefault(pair, Counter())
            owed.update({code: one.collectible_minor for code, one in effect.after.balances.items()})

    def _count_access(self, effect: Effect) -> None:
        for name, wanted in ACCESS.items():
            before, after = getattr(effect.before, name), getattr(effect.after, name)
            if before != after:
                self.access[name][after is not wanted] += 1

    def _draw(self, drawn: Iterable[Json]) -> None:
        self.examples = heapq.nsmallest(EXAMPLES, [*self.examples, *drawn], key=lambda one: str(one["draw"]))


def _example(account_id: str, effect: Effect, salt: str) -> Json:
    sides = {name: _side(truth) for name, truth in (("before", effect.before), ("after", effect.after))}
    drawn = sha256(f"{salt} {account_id}".encode()).hexdigest()[:16]
    return {"account_id": account_id, "risk": effect.risk, "draw": drawn, **sides}


def _side(truth: Any) -> dict[str, Any]:
    names = ("state", "raw_state", "plan_active", "restricted", "suspended", "plan_code")
    return {name: getattr(truth, name) for name in names}
