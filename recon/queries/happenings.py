"""What our own tables tell of one account: evaluations and why, events in and out, repairs, audit entries and notes.

One query for all of them, each bounded: the newest of each kind at or before a moment.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection


class Kind(StrEnum):
    """What a line of the timeline is about; the filter of the page."""

    STORES = "stores"
    EVENTS = "events"
    REPAIRS = "repairs"
    NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline.

    `at` is its place in the order. `happened_at` is the sender's clock, `seen_at` ours; None where nobody knows it.
    `what` says in a word what `told` holds, `subject` the id that it is about, `source` who says so.
    """

    at: datetime
    kind: Kind
    source: str
    what: str
    subject: str = ""
    told: Mapping[str, Any] | None = None
    actor: str = ""
    happened_at: datetime | None = None
    seen_at: datetime | None = None

    @property
    def order(self) -> tuple[datetime, str, str, str]:
        """Two entries of one moment stand in the same order on every page."""
        return (self.at, self.source, self.what, self.subject)


_SELECTS: Mapping[str, tuple[Kind, str]] = {
    "evaluated": (
        Kind.EVENTS,
        """
        select id::text as ref, at, null::timestamptz as happened_at, actor, jsonb_build_object(
            'trigger', trigger, 'is_known', is_known, 'state', state, 'cells', jsonb_array_length(cells),
            'reasons', reasons,
            'was_known', lag(is_known) over earlier, 'was_state', lag(state) over earlier,
            'had_cells', jsonb_array_length(lag(cells) over earlier), 'is_first', lag(id) over earlier is null,
            'asked', (
                select jsonb_build_object('causes', causes, 'more', more_causes) from recompute
                where account_id = %(account)s and recompute.at = latest.at and evaluation_id = latest.id limit 1
            )) as told
        from (
            select * from evaluation where account_id = %(account)s and at <= %(until)s
            order by at desc, id desc limit %(most)s + 1
        ) as latest
        window earlier as (order by at, id)
        order by at desc, id desc limit %(most)s
        """,
    ),
    "recomputed": (
        Kind.EVENTS,
        """
        select recompute.id::text, recompute.at, null::timestamptz, '', jsonb_build_object(
            'causes', recompute.causes, 'more', more_causes, 'is_overtaken', evaluation.id is null)
        from recompute left join evaluation on evaluation.id = recompute.evaluation_id
        where recompute.account_id = %(account)s and recompute.at <= %(until)s
          and evaluation.at is distinct from recompute.at
        order by recompute.at desc, recompute.id desc limit %(most)s
        """,
    ),
    "event_out": (
        Kind.EVENTS,
        """
        select sequence::text, at, null::timestamptz, '', jsonb_build_object(
            'kind', kind, 'before', before, 'after', after, 'cause', cause, 'audit', audit_seq)
        from outbox where account_id = %(account)s and at <= %(until)s
        order by sequence desc limit %(most)s
        """,
    ),
    "event_in": (
        Kind.EVENTS,
        """
        select i.event_id, i.received_at, i.occurred_at, '', jsonb_build_object(
            'from', i.source, 'type', i.type, 'object', i.object_id, 'status', i.status, 'number', i.id)
        from inbox i
        where i.received_at <= %(until)s and i.id in (select event_id from inbox_mark where account_id = %(account)s)
        order by i.received_at desc, i.id desc limit %(most)s
        """,
    ),
    "approved": (
        Kind.REPAIRS,
        """
        select id::text, created_at, null::timestamptz, approved_by, jsonb_build_object(
            'reason', reason, 'risk', risk, 'writes', jsonb_array_length(writes), 'proposal', proposal,
            'digest', digest, 'undoes', undoes_id)
        from apply where account_id = %(account)s and created_at <= %(until)s
        order by created_at desc limit %(most)s
        """,
    ),
    "closed": (
        Kind.REPAIRS,
        """
        select id::text, closed_at, null::timestamptz, approved_by, jsonb_build_object(
            'state', state, 'refused', refused, 'code', code, 'explanation', explanation,
            'writes', jsonb_array_length(writes), 'takeovers', takeovers, 'undoes', undoes_id,
            'is_undone', exists (
                select from apply as undo
                where undo.account_id = apply.account_id and undo.undoes_id = apply.id and undo.state = 'done'
            ))
        from apply where account_id = %(account)s and closed_at <= %(until)s
        order by closed_at desc limit %(most)s
        """,
    ),
    "audited": (
        Kind.REPAIRS,
        """
        select seq::text, at, null::timestamptz, actor, jsonb_build_object('action', action, 'reason', reason)
        from audit
        where account = %(account)s and at <= %(until)s and apply_id is null and action <> 'note.added'
        order by seq desc limit %(most)s
        """,
    ),
    "noted": (
        Kind.NOTES,
        """
        select id::text, at, null::timestamptz, author, jsonb_build_object('text', text)
        from note where account_id = %(account)s and at <= %(until)s
        order by at desc, id desc limit %(most)s
        """,
    ),
}


@dataclass(frozen=True, slots=True)
class Happenings:
    """Entries, newest first; below `whole_from` some kind may have more that were not read."""

    entries: tuple[Entry, ...]
    whole_from: datetime | None


def happenings(account_id: str, kinds: Iterable[Kind], *, until: datetime, most: int) -> Happenings:
    """At most `most` of each table at or before `until`, in one query; none where no kind asks for one."""
    wanted = set(kinds)
    parts = [
        f"(select '{what}' as what, told.* from ({select}) as told)"
        for what, (kind, select) in _SELECTS.items()
        if kind in wanted
    ]
    if not parts:
        return Happenings((), None)
    with connection.cursor() as cursor:
        cursor.execute("\nunion all\n".join(parts), {"account": account_id, "until": until, "most": most})
        rows = [dict(zip(("what", "ref", "at", "happened_at", "actor", "told"), row, strict=True)) for row in cursor]
    entries = [_entry(row) for row in rows]
    return Happenings(tuple(sorted(entries, key=lambda one: one.order, reverse=True)), _whole_from(entries, most))


def _entry(row: Mapping[str, Any]) -> Entry:
    told = json.loads(row["told"])
    return Entry(
        at=row["at"],
        kind=_SELECTS[row["what"]][0],
        source=told.get("from", "recon"),
        what=row["what"],
        subject=row["ref"],
        told=told,
        actor=row["actor"],
        happened_at=row["happened_at"] or row["at"],
        seen_at=row["at"],
    )


def _whole_from(entries: Iterable[Entry], most: int) -> datetime | None:
    """The oldest moment down to which every table was read."""
    by_table: dict[str, list[datetime]] = {}
    for entry in entries:
        by_table.setdefault(entry.what, []).append(entry.at)
    return max((min(moments) for moments in by_table.values() if len(moments) >= most), default=None)
