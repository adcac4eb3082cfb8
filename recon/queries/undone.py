"""Accounts whose drift stands because somebody undid a repair: the engine does not repair them again by itself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

# The undo was the last of ours to write the cell, which holds that still, and the plan would write again what was
# undone. A truth that has moved asks for another value, and what a person repaired since was written by another apply.
STANDING: Final = """
with undone as (
    select distinct account_id from apply
    where undoes_id is not null and state in ('committing', 'done', 'exception')
      and (%(ids)s::text[] is null or account_id = any(%(ids)s))
)
select distinct on (state.account_id)
    state.account_id, latest.id, latest.undoes_id, latest.approved_by, latest.reason, latest.decided_at
from undone
join account_state as state on state.account_id = undone.account_id and state.writes > 0
join evaluation on evaluation.id = state.evaluation_id
cross join jsonb_array_elements(evaluation.writes) as planned
cross join lateral (
    select apply.id, apply.undoes_id, apply.approved_by, apply.reason, apply.decided_at, cell
    from apply, jsonb_array_elements(apply.writes) as cell
    where apply.account_id = state.account_id and apply.state in ('committing', 'done', 'exception')
      and cell -> 'store' = planned -> 'store' and cell -> 'table' = planned -> 'table'
      and cell -> 'key' = planned -> 'key' and cell -> 'column' = planned -> 'column'
    order by apply.decided_at desc limit 1
) as latest
where latest.undoes_id is not null
  and latest.cell -> 'truth' = planned -> 'stored' and latest.cell -> 'stored' = planned -> 'truth'
order by state.account_id, latest.decided_at desc
"""


@dataclass(frozen=True, slots=True)
class StandingUndo:
    """An undo that its account's plan would take back: who approved it, why, and when it was decided."""

    account_id: str
    apply_id: UUID
    undoes: UUID
    approved_by: str
    reason: str
    at: datetime


def standing_undos(account_ids: Collection[str] | None = None) -> dict[str, StandingUndo]:
    """By account: of these, or of all."""
    if account_ids is not None and not account_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(STANDING, {"ids": None if account_ids is None else list(account_ids)})
        return {row[0]: StandingUndo(*row) for row in cursor.fetchall()}
