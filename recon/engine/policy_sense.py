"""Numbers that can be read and that nobody can mean: a ladder that does not ascend, a dust that is a month's income."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from recon.engine.enums import Segment
from recon.engine.policy import Policy, Rungs
from recon.engine.values import CaseError, currency

LONGEST_DAYS: Final = 3_650
LONGEST_IN_FLIGHT_DAYS: Final = 90
LONGEST_FRESHNESS_MINUTES: Final = 24 * 60
LARGEST_DUST: Final = 1_000_000
LARGEST_DUST_OF_A_CURRENCY: Final = 1_000_000_000  # some currencies count in thousands what others count in ones
LONGEST_NAME: Final = 255
_ASCENDING: Final = (
    ("grace", "past_due", "Past due comes before grace: it has to come on the same day or later."),
    ("past_due", "delinquent", "Delinquent comes before past due: it has to come on the same day or later."),
    ("delinquent", "bad_debt_ended", "Bad debt, once ended, comes before delinquent: it has to come later."),
    ("bad_debt_ended", "bad_debt", "Bad debt comes sooner than for an account that ended: it has to come later."),
)


@dataclass(frozen=True, slots=True)
class Nonsense:
    """`path` is as in the policy's JSON (`rungs.contract.grace`, `dust_minor.usd`), `text` a sentence."""

    path: str
    text: str


def nonsense_in(policy: Policy) -> tuple[Nonsense, ...]:
    """Everything that no version of the policy may say, in the order of its parts; empty where it makes sense."""
    ladders = (Segment.SELF_SERVE, Segment.CONTRACT)
    return (
        *(one for segment in ladders for one in _ladder(policy.rungs(segment), f"rungs.{segment}")),
        *_dust(policy),
        *_spans(policy),
        *_plans(policy),
    )


def _ladder(rungs: Rungs, path: str) -> Iterable[Nonsense]:
    for name in Rungs.__slots__:
        if not 1 <= getattr(rungs, name) <= LONGEST_DAYS:
            yield Nonsense(f"{path}.{name}", f"A rung is reached after 1 to {LONGEST_DAYS} days.")
    for earlier, later, text in _ASCENDING:
        if getattr(rungs, later) < getattr(rungs, earlier):
            yield Nonsense(f"{path}.{later}", text)


def _dust(policy: Policy) -> Iterable[Nonsense]:
    if not 0 <= policy.dust_minor <= LARGEST_DUST:
        yield Nonsense("dust_minor", f"Dust is 0 to {LARGEST_DUST} minor units: more than that is debt.")
    for code, amount in policy.dust_by_currency.items():
        path = f"dust_minor.{code}"
        if not _is_currency(code):
            yield Nonsense(path, f"{code[:20]} is no currency: three small letters, as eur.")
        elif not 0 <= amount <= LARGEST_DUST_OF_A_CURRENCY:
            yield Nonsense(path, f"Dust of {code} is 0 to {LARGEST_DUST_OF_A_CURRENCY} minor units.")


def _is_currency(code: str) -> bool:
    try:
        return bool(currency(code, "currency"))
    except CaseError:
        return False


def _spans(policy: Policy) -> Iterable[Nonsense]:
    if not 0 <= policy.in_flight_max.days <= LONGEST_IN_FLIGHT_DAYS:
        text = f"A payment is under way for 0 to {LONGEST_IN_FLIGHT_DAYS} days; after that it is lost."
        yield Nonsense("in_flight_max_days", text)
    if not 1 <= policy.freshness.total_seconds() // 60 <= LONGEST_FRESHNESS_MINUTES:
        text = (
            f"A reading is fresh for 1 to {LONGEST_FRESHNESS_MINUTES} minutes: with none nothing may ever be written."
        )
        yield Nonsense("freshness_minutes", text)


def _plans(policy: Policy) -> Iterable[Nonsense]:
    for price, code in policy.plans.items():
        if not all(0 < len(name) <= LONGEST_NAME and name.isprintable() and " " not in name for name in (price, code)):
            yield Nonsense(f"plans.{price}", f"{price[:40]}: a price's id and a plan's code are words without spaces.")
