"""Who asks, and what may the account use? One statement answers both, for products ask it at each of their requests."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recon.actions.use_token import IN_FORCE, Caller, caller_of, params_of
from recon.queries.entitlement import READ, Entitled, entitled_of
from recon.queries.prepared import rows_of

OF_CALLER: Final = 4  # columns of IN_FORCE
# Without a token in force nothing is looked up of the account.
ASK: Final = f"select * from ({IN_FORCE}) caller left join lateral ({READ}) found on true"


@dataclass(frozen=True, slots=True)
class Asked:
    """`found` is None for an account that was never evaluated."""

    caller: Caller
    found: Entitled | None


def ask_entitlement(token: str, account_id: str, *, now: datetime) -> Asked | None:
    """None when the token is none of ours, expired or revoked. Whether the caller may read is not asked here."""
    params = params_of(token, now)
    rows = rows_of(ASK, params | {"account_id": account_id}) if params is not None else []
    if not rows:
        return None
    return Asked(caller_of(rows[0][:OF_CALLER], now), entitled_of(rows[0][OF_CALLER:]))
