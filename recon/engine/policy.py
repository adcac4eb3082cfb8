"""The numbers an operator sets: rungs of the ladder, dust, freshness, and which price is which plan.

Defaults are those of the contract. Days are days past due (DPD), amounts are minor units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from recon.engine.enums import DebtState, Segment
from recon.engine.values import CaseError, identifier, integer, mapping


@dataclass(frozen=True, slots=True)
class Rungs:
    """From how many days past due each state holds; `bad_debt_ended` stands in for `bad_debt` once an account ended."""

    grace: int
    past_due: int
    delinquent: int
    bad_debt: int
    bad_debt_ended: int

    def state_at(self, days_past_due: int, *, ended: bool) -> DebtState:
        """The most severe rung that has been reached (T8)."""
        if days_past_due >= self.bad_debt_from(ended=ended):
            return DebtState.BAD_DEBT
        if days_past_due >= self.delinquent:
            return DebtState.DELINQUENT
        if days_past_due >= self.past_due:
            return DebtState.PAST_DUE
        return DebtState.GRACE if days_past_due >= self.grace else DebtState.CLEAR

    def bad_debt_from(self, *, ended: bool) -> int:
        return self.bad_debt_ended if ended else self.bad_debt


_SELF_SERVE = Rungs(grace=1, past_due=6, delinquent=15, bad_debt=60, bad_debt_ended=30)
_CONTRACT = Rungs(grace=1, past_due=16, delinquent=45, bad_debt=120, bad_debt_ended=90)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides a truth beside the facts and the clock."""

    plans: Mapping[str, str] = field(default_factory=dict)
    dust_minor: int = 50
    dust_by_currency: Mapping[str, int] = field(default_factory=dict)
    in_flight_max: timedelta = timedelta(days=10)
    freshness: timedelta = timedelta(minutes=15)
    self_serve: Rungs = _SELF_SERVE
    contract: Rungs = _CONTRACT

    def rungs(self, segment: Segment) -> Rungs:
        """The segment's ladder; internal accounts climb the self-serve one for their raw state."""
        return self.contract if segment is Segment.CONTRACT else self.self_serve

    def dust(self, currency: str) -> int:
        """The largest sum of that currency that is not worth calling debt."""
        return self.dust_by_currency.get(currency, self.dust_minor)

    @classmethod
    def from_json(cls, value: object, path: str = "policy") -> "Policy":
        """The defaults with the given ones in their place; an unknown name or a wrong type is a `CaseError`."""
        policy = cls()
        for name, given in mapping(value, path).items():
            if name not in _READERS:
                raise CaseError(f"{path}.{name}", f"no such policy; there are {', '.join(sorted(_READERS))}")
            policy = replace(policy, **_READERS[name](given, f"{path}.{name}"))
        return policy

    def to_json(self) -> dict[str, Any]:
        """The policy as `from_json` reads it."""
        dust: dict[str, int] = dict(self.dust_by_currency)
        return {
            "plans": dict(self.plans),
            "dust_minor": {**dust, DEFAULT_DUST: self.dust_minor} if dust else self.dust_minor,
            "in_flight_max_days": self.in_flight_max.days,
            "freshness_minutes": int(self.freshness.total_seconds() // 60),
            "rungs": {
                str(segment): {name: getattr(self.rungs(segment), name) for name in Rungs.__slots__}
                for segment in (Segment.SELF_SERVE, Segment.CONTRACT)
            },
        }

    def numbers(self) -> dict[str, int | str]:
        """By its path in the JSON: `rungs.contract.grace`, `dust_minor`, `dust_minor.usd`, `plans.price_1`."""
        written = self.to_json()
        flat: dict[str, int | str] = {
            f"rungs.{segment}.{name}": days
            for segment, rungs in written["rungs"].items()
            for name, days in rungs.items()
        }
        flat |= {"dust_minor": self.dust_minor}
        flat |= {f"dust_minor.{code}": amount for code, amount in sorted(self.dust_by_currency.items())}
        flat |= {name: written[name] for name in ("in_flight_max_days", "freshness_minutes")}
        return flat | {f"plans.{price}": code for price, code in sorted(self.plans.items())}


DEFAULT_DUST = "default"
"""The name in a table of dust that stands for every other currency."""


def _plans(value: object, path: str) -> dict[str, Any]:
    return {"plans": {price: identifier(plan, f"{path}.{price}") for price, plan in mapping(value, path).items()}}


def _dust(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {"dust_minor": integer(value, path, 0), "dust_by_currency": {}}
    table = {code: integer(amount, f"{path}.{code}", 0) for code, amount in value.items()}
    return {"dust_minor": table.pop(DEFAULT_DUST, Policy().dust_minor), "dust_by_currency": table}


def _in_flight(value: object, path: str) -> dict[str, Any]:
    return {"in_flight_max": timedelta(days=_bounded(value, path))}


def _freshness(value: object, path: str) -> dict[str, Any]:
    return {"freshness": timedelta(minutes=_bounded(value, path))}


def _bounded(value: object, path: str) -> int:
    return integer(value, path, 0, 1_000_000)


def _rungs(value: object, path: str) -> dict[str, Any]:
    ladders = {Segment.SELF_SERVE: _SELF_SERVE, Segment.CONTRACT: _CONTRACT}
    for segment, given in mapping(value, path).items():
        if segment not in ladders:
            raise CaseError(f"{path}.{segment}", "no such ladder; there are self_serve and contract")
        ladders[Segment(segment)] = _ladder(ladders[Segment(segment)], given, f"{path}.{segment}")
    return {str(segment): ladder for segment, ladder in ladders.items()}


def _ladder(default: Rungs, value: object, path: str) -> Rungs:
    given = mapping(value, path)
    for name in given:
        if name not in Rungs.__slots__:
            raise CaseError(f"{path}.{name}", f"no such rung; there are {', '.join(Rungs.__slots__)}")
    return replace(default, **{name: _bounded(days, f"{path}.{name}") for name, days in given.items()})


_READERS = {
    "plans": _plans,
    "dust_minor": _dust,
    "in_flight_max_days": _in_flight,
    "freshness_minutes": _freshness,
    "rungs": _rungs,
}
