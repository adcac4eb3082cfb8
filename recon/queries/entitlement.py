"""What a product may grant an account, by the latest evaluation: one indexed read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from recon.queries.looks import PROVED
from recon.queries.prepared import Row

# The last outcome that was known is looked for only where the latest is not.
READ: Final = f"""
select state.evaluation_id, coalesce(proved.proved_at, state.evaluated_at), state.is_known, state.next_evaluation_at,
    coalesce(proved.proved_reads, state.reads), latest.reasons, known.at, (known.truth->>'plan_active')::boolean,
    known.truth->>'effective_plan', (known.truth->>'restricted')::boolean, (known.truth->>'suspended')::boolean
from account_state state
join evaluation latest on latest.id = state.evaluation_id
{PROVED}
left join lateral (
    select latest.truth, coalesce(proved.proved_at, state.evaluated_at) as at where state.is_known
    union all
    (select old.truth, old.at from evaluation old
     where not state.is_known and old.account_id = state.account_id and old.is_known order by old.at desc limit 1)
) known on true
where state.account_id = %(account_id)s
"""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """`effective_plan` is None where the price is mapped to no plan."""

    plan_active: bool
    effective_plan: str | None
    restricted: bool
    suspended: bool


@dataclass(frozen=True, slots=True)
class Entitled:
    """`entitlement` is what held at `known_at`: the latest evaluation, or, where that is unknown, the last one that was
    known; None when none is kept. `reads` is store → {ok, as_of, reason} of the latest."""

    evaluation_id: int
    evaluated_at: datetime
    is_known: bool
    reasons: tuple[str, ...]
    next_evaluation_at: datetime | None
    reads: Mapping[str, Mapping[str, Any]]
    known_at: datetime | None
    entitlement: Entitlement | None

    def is_stale(self, now: datetime) -> bool:
        """It is of before the latest look, or the clock has passed the moment at which it may change by itself."""
        return not self.is_known or (self.next_evaluation_at is not None and self.next_evaluation_at <= now)


def entitled_of(row: Row) -> Entitled | None:
    """Out of a row of READ; None when all of it is null: the account was never evaluated."""
    number, evaluated_at, is_known, next_at, reads, reasons, known_at, active, plan, restricted, suspended = row
    if number is None:
        return None
    granted = None if known_at is None else Entitlement(active, plan, restricted, suspended)
    return Entitled(number, evaluated_at, is_known, tuple(_json(reasons)), next_at, _json(reads), known_at, granted)


def _json(value: Any) -> Any:
    """A cursor of Django's hands JSON over as it stands."""
    return json.loads(value) if isinstance(value, str) else value
