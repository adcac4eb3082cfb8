"""Keep relapses: a cell that a repair had made true, and that differs again because somebody wrote it after the repair.

Where the truth itself has moved since, the cell differs without anybody's fault, and nothing is kept.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from recon.engine.facts import StoreName
from recon.models import Evaluation, InboxMark, Relapse

# What we last wrote to each cell of these accounts: a finished repair's, or an undo's, which changes cells back by
# itself and so stands here as soon as it is decided, however it ends.
LATEST = """
select distinct on (account_id, place, key) account_id, place, key, apply_id, closed_at, wrote
from (
    select apply.account_id, apply.id as apply_id, apply.closed_at, cell -> 'truth' as wrote,
           concat_ws('.', cell ->> 'store', cell ->> 'table', cell ->> 'column') as place,
           (select string_agg(value, ',' order by name) from jsonb_each_text(cell -> 'key') as _ (name, value)) as key
    from apply, jsonb_array_elements(writes) as cell
    where apply.account_id = any(%s)
      and (apply.state = 'done' or (apply.undoes_id is not null and apply.state in ('committing', 'exception')))
) as written
order by account_id, place, key, closed_at desc nulls first
"""
Place = tuple[str, str, str]  # account, store.table.column, key


@dataclass(frozen=True, slots=True)
class Written:
    """What the latest repair of a cell wrote there, and when it was finished; None: it is not yet."""

    apply_id: UUID
    closed_at: datetime | None
    wrote: Any


def keep_relapses(evaluations: Iterable[Evaluation]) -> None:
    """Of evaluations that are new: an outcome that stays the same tells nothing new. Once for each repair and cell."""
    drifted = {one.account_id: one for one in evaluations if one.is_known and one.cells}
    written = _written(sorted(drifted)) if drifted else {}
    relapses = [relapse for one in drifted.values() for relapse in _of(one, written)] if written else []
    if relapses:
        Relapse.objects.bulk_create(relapses, ignore_conflicts=True)


def place_of(cell: Mapping[str, Any]) -> str:
    """`store.table.column`."""
    return f"{cell['store']}.{cell['table']}.{cell['column']}"


def key_of(cell: Mapping[str, Any]) -> str:
    return ",".join(str(value) for _, value in sorted(cell["key"].items()))


def _written(account_ids: list[str]) -> dict[Place, Written]:
    with connection.cursor() as cursor:
        cursor.execute(LATEST, [account_ids])
        return {
            (account_id, place, key): Written(apply_id, closed_at, json.loads(wrote))
            for account_id, place, key, apply_id, closed_at, wrote in cursor.fetchall()
        }


def _of(evaluation: Evaluation, written: Mapping[Place, Written]) -> Iterator[Relapse]:
    for cell in evaluation.cells:
        place, key = place_of(cell), key_of(cell)
        ours = written.get((evaluation.account_id, place, key))
        if ours is None or ours.closed_at is None or ours.wrote != cell["truth"]:
            continue
        if not _was_read_after(evaluation, cell["store"], ours.closed_at):
            continue
        yield Relapse(
            at=evaluation.at,
            account_id=evaluation.account_id,
            place=place,
            key=key,
            apply_id=ours.apply_id,
            wrote=cell["truth"],
            found=cell["stored"],
            other=_other_writer(evaluation.account_id, cell, ours.closed_at),
        )


def _was_read_after(evaluation: Evaluation, store: str, closed_at: datetime) -> bool:
    """A reading from before the repair was finished shows what it repaired."""
    as_of = evaluation.reads.get(store, {}).get("as_of")
    return as_of is not None and datetime.fromisoformat(as_of) > closed_at


def _other_writer(account_id: str, cell: Mapping[str, Any], since: datetime) -> str:
    """The stores keep no writer's name: who may write there, and the last event that came in since the repair."""
    who = "Stripe metadata" if cell["store"] == StoreName.STRIPE else f"{cell['store']}.{cell['table']}"
    marks = InboxMark.objects.filter(account_id=account_id, event__received_at__gt=since).select_related("event")
    latest = marks.order_by("-gen").first()
    after = f", after {latest.event.source} {latest.event.type} {latest.event.event_id}" if latest else ""
    return f"another writer of {who}{after}"
