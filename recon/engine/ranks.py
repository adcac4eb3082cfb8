"""Where an account stands among those to look through: the worse it is for the customer, the earlier."""

from collections.abc import Collection, Mapping
from typing import Final

from recon.engine.policy import Policy
from recon.engine.truth import TrueBalance

LOCKED_OUT: Final = 0
DRIFTED: Final = 1
NOT_DRIFTED: Final = 2
_LARGEST: Final = 2**63 - 1


def harm_rank(details: Collection[str], *, drifted_cells: int) -> int:
    """A payer who is locked out is first, whatever else is wrong."""
    if "paid_but_blocked" in details:
        return LOCKED_OUT
    return DRIFTED if drifted_cells else NOT_DRIFTED


def owed_rank(balances: Mapping[str, TrueBalance], policy: Policy) -> int:
    """Minus the largest amount, counted in what is dust of its currency: amounts of two currencies are not added, and a
    hundred thousand yen do not pass for a thousand times a hundred euros."""
    worths = (balance.collectible_minor // max(policy.dust(currency), 1) for currency, balance in balances.items())
    return -min(max(worths, default=0), _LARGEST)
