"""What a class of drift may be trusted with: from observe to approve, from approve to auto, by what was seen so far.

It advises, and switches nothing. Rates are whole numbers of a hundred, of the days looked back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LOOKS_BACK_DAYS: Final = 14
COMPARED_DAYS: Final = 7
ENOUGH_WRITES: Final = 50
LEAST_AGREED: Final = 90
ENOUGH_SETTLED: Final = 10
LEAST_RIGHT: Final = 95
MOST_UNKNOWN: Final = 2
APPROVED_DAYS: Final = 14
ENOUGH_REPAIRS: Final = 50
MOST_REFUSED: Final = 5
MOST_FAILED: Final = 1
MOST_RELAPSED: Final = 1
ENOUGH_TO_JUDGE: Final = 20  # repairs, before a rate of them takes a class back


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of one class. `days_in_mode` and `days_compared` are whole days; `writes` of others, of which
    `agreed`; disagreements that are `settled`, of which the engine was `right`; repairs by their end, `refused` where
    the world had moved; cells that they have `written`, of which `relapsed`; verdicts `unknown` of all `accounts`."""

    mode: str
    days_in_mode: int
    days_compared: int
    writes: int
    agreed: int
    settled: int
    right: int
    applied: int
    refused: int
    failed: int
    written: int
    relapsed: int
    unknown: int
    accounts: int
    is_stopped: bool

    @property
    def repairs(self) -> int:
        return self.applied + self.refused + self.failed


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether the class `may` go on to the mode `to` (empty: it is in auto, and `may` says that it may stay). `because`
    are the sentences for it, or against."""

    to: str
    may: bool
    because: tuple[str, ...]


def advise(seen: Evidence) -> Advice:
    match seen.mode:
        case "observe":
            against, for_it = list(_against_approve(seen)), f"{_agreement(seen)}, over {seen.days_compared} days"
        case "approve":
            against, for_it = list(_against_auto(seen)), f"{_repairs(seen)}, and {_relapses(seen)}"
        case _:
            against, for_it = list(_against_staying(seen)), f"{_repairs(seen)}, and {_relapses(seen)}"
    to = {"observe": "approve", "approve": "auto"}.get(seen.mode, "")
    return Advice(to, not against, tuple(against) or (for_it,))


def percent(part: int, whole: int) -> int:
    """Rounded down, so that no limit looks reached before it is; of nothing it is nothing."""
    return 100 * part // whole if whole else 0


def _against_approve(seen: Evidence) -> Iterator[str]:
    if seen.days_compared < COMPARED_DAYS:
        yield f"compared for {seen.days_compared} of {COMPARED_DAYS} days"
    if seen.writes < ENOUGH_WRITES and seen.days_compared < LOOKS_BACK_DAYS:
        yield f"{seen.writes} of {ENOUGH_WRITES} writes by others to compare with"
    is_right = seen.settled >= ENOUGH_SETTLED and percent(seen.right, seen.settled) >= LEAST_RIGHT
    if percent(seen.agreed, seen.writes) < LEAST_AGREED and seen.writes and not is_right:
        yield f"{_agreement(seen)} ({LEAST_AGREED} % wanted), and {_ends(seen)}"
    yield from _unknown(seen)


def _against_auto(seen: Evidence) -> Iterator[str]:
    if seen.days_in_mode < APPROVED_DAYS:
        yield f"in approve for {seen.days_in_mode} of {APPROVED_DAYS} days"
    if seen.applied < ENOUGH_REPAIRS:
        yield f"{seen.applied} of {ENOUGH_REPAIRS} repairs that people approved"
    yield from _bad_ends(seen)
    yield from _unknown(seen)


def _against_staying(seen: Evidence) -> Iterator[str]:
    if seen.repairs >= ENOUGH_TO_JUDGE:
        yield from _bad_ends(seen)
    elif seen.is_stopped:
        yield "the breaker is open"


def _bad_ends(seen: Evidence) -> Iterator[str]:
    if seen.refused * 100 > MOST_REFUSED * seen.repairs:
        moved = f"{seen.refused:,} of {seen.repairs:,} repairs were refused, their plan had moved"
        yield f"{moved} (at most {MOST_REFUSED} %)"
    if seen.failed * 100 > MOST_FAILED * seen.repairs:
        yield f"{seen.failed:,} of {seen.repairs:,} repairs failed (at most {MOST_FAILED} %)"
    if seen.relapsed * 100 > MOST_RELAPSED * seen.written:
        yield f"{_relapses(seen)} (at most {MOST_RELAPSED} %)"
    if seen.is_stopped:
        yield "the breaker is open"


def _unknown(seen: Evidence) -> Iterator[str]:
    if seen.unknown * 100 > MOST_UNKNOWN * seen.accounts:
        yield f"{seen.unknown:,} of {seen.accounts:,} verdicts are unknown (at most {MOST_UNKNOWN} %)"


def _agreement(seen: Evidence) -> str:
    if not seen.writes:
        return "others wrote nothing"
    return f"{percent(seen.agreed, seen.writes)} % of {seen.writes:,} writes by others agree"


def _ends(seen: Evidence) -> str:
    if seen.settled < ENOUGH_SETTLED:
        return f"{seen.settled} of {ENOUGH_SETTLED} disagreements are settled"
    right = percent(seen.right, seen.settled)
    return f"of {seen.settled:,} settled disagreements the engine was right in {right} % ({LEAST_RIGHT} % wanted)"


def _repairs(seen: Evidence) -> str:
    return f"{seen.applied:,} repairs, {seen.refused:,} refused, {seen.failed:,} failed"


def _relapses(seen: Evidence) -> str:
    return f"{seen.relapsed:,} of {seen.written:,} written cells were changed back"
