"""Look again: what a person asks for who wants the account as it is now, from whichever page."""

from recon.actions import equipment
from recon.actions.keep_evaluations import Evaluated
from recon.actions.recompute import recompute_account
from recon.models import Trigger


def look_again(account_id: str, *, actor: str) -> Evaluated:
    """Reads the six stores live, evaluates and keeps it; nothing is written to a store."""
    sweeper = equipment.sweeper()
    return recompute_account(
        account_id,
        stores=sweeper.stores,
        rules=sweeper.rules,
        now=sweeper.clock(),
        trigger=Trigger.PERSON,
        actor=actor,
    )
