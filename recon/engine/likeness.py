"""Which accounts drift alike: the same places, wrong in the same direction, after the same event."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from recon.engine.drift import Cell
from recon.engine.enums import BlockLevel, DebtState, PaymentStatus
from recon.engine.facts import Stored
from recon.engine.missed import Missed

_AMOUNTS = frozenset({"collectible_minor", "written_off_minor"})
_KEPT_WORDS = {
    "state": frozenset(map(str, DebtState)),
    "raw_state": frozenset(map(str, DebtState)),
    "metadata.debt_state": frozenset(map(str, DebtState)),
    "payment_status": frozenset(map(str, PaymentStatus)),
    "level": frozenset(map(str, BlockLevel)),
    "plan_code": frozenset({"free"}),
    "effective_plan": frozenset({"free"}),
}
"""Values that say the same of every account; what stands elsewhere is one account's own."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """`pattern` is `store.table.column: stored → truth` of each place, sorted, without one account's own values."""

    pattern: tuple[str, ...]
    missed: Missed

    @property
    def key(self) -> str:
        """The same for accounts that drift alike, of any day and any process."""
        return sha256("\n".join((*self.pattern, self.missed)).encode()).hexdigest()[:16]


def pattern_of(cells: Iterable[Cell]) -> tuple[str, ...]:
    """Two Stripe customers, or two currencies, that are wrong in the same way are one line."""
    return tuple(sorted({f"{cell.store}.{cell.table}.{cell.column}: {_direction(cell)}" for cell in cells}))


def _direction(cell: Cell) -> str:
    stored, true = cell.stored, cell.truth
    if cell.column in _AMOUNTS and isinstance(stored, int) and isinstance(true, int):
        return "lower" if true < stored else "higher"
    if isinstance(stored, datetime) and isinstance(true, datetime):
        return "earlier" if true < stored else "later"
    return f"{_word(cell.column, stored)} → {_word(cell.column, true)}"


def _word(column: str, value: Stored) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value in _KEPT_WORDS.get(column, ()) else "other"
