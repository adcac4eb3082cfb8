"""Compare what others write with what the engine would have written, and count it by class, store and day.

It follows the outcomes that were kept, one after another, each beside the one before it of its account; nothing is read
for it, and nobody who evaluates waits for it. What was counted, and how far, is one commit: killed, it goes on there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any, Final

from django.db import connection, transaction

from recon.engine.shadow import Look, Shadow, changed_places, classes_of, judge
from recon.models import Apply, ApplyState, Evaluation, ShadowCell, ShadowMark
from recon.queries.modes import VALUES

BATCH: Final = 1_000
MOST: Final = 50 * BATCH  # of one round
SETTLED_AFTER: Final = timedelta(minutes=5)  # then no transaction can bring an outcome with a smaller number
WINDOW: Final = timedelta(days=1)  # in which others may still write what the engine would
CARRIED_OUT: Final = (ApplyState.COMMITTING, ApplyState.DONE, ApplyState.EXCEPTION)
COUNT: Final = """
insert into shadow_count as known (day, name, store, kind, cells)
select * from unnest(%s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::bigint[])
on conflict (day, name, store, kind) do update set cells = known.cells + excluded.cells
"""
Counts = Counter[tuple[datetime, str, str, str]]  # day, class, store, kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """One evaluation whose verdict was known."""

    account_id: str
    at: datetime
    look: Look


@dataclass(slots=True)
class Account:
    """What is known of one account while its outcomes are gone through: the last of them, its cells that are open,
    those of them that are not kept so yet, and what we wrote, as (when it was decided, place → value)."""

    last: Outcome | None = None
    open: dict[str, ShadowCell] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    written: list[tuple[datetime, Mapping[str, Any]]] = field(default_factory=list)

    def ours(self, after: datetime, until: datetime) -> dict[str, Any]:
        """What we wrote between two looks; one that was decided just before the first may show in the second."""
        of_them = [cells for at, cells in self.written if after - SETTLED_AFTER < at <= until]
        return {place: value for cells in of_them for place, value in cells.items()}


def keep_shadow(*, now: datetime) -> int:
    """How many outcomes were gone through."""
    done = 0
    while done < MOST and (gone_through := _next_batch(now)):
        done += gone_through
    _count_waiting(now)
    return done


def _next_batch(now: datetime) -> int:
    with transaction.atomic():
        ShadowMark.objects.get_or_create(name="shadow")
        mark = ShadowMark.objects.select_for_update().get(name="shadow")
        rows = _rows_after(mark.upto, now)
        if rows:
            _keep([_outcome(row) for row in rows if row.is_known], mark.upto)
            mark.upto, mark.since = rows[-1].id, mark.since or rows[0].at
            mark.save()
    return len(rows)


def _rows_after(upto: int, now: datetime) -> list[Evaluation]:
    rows = Evaluation.objects.filter(id__gt=upto).order_by("id")
    found = rows.only("id", "account_id", "at", "is_known", "truth", "cells")[:BATCH]
    return list(takewhile(lambda row: row.at <= now - SETTLED_AFTER, found))


def _keep(outcomes: Sequence[Outcome], upto: int) -> None:
    accounts = _accounts({one.account_id for one in outcomes}, upto)
    before = {cell.id for account in accounts.values() for cell in account.open.values()}
    counts: Counts = Counter()
    for one in outcomes:
        _compare(accounts[one.account_id], one, counts)
    _keep_cells(accounts.values(), before)
    _count(counts)


def _keep_cells(accounts: Iterable[Account], before: set[int]) -> None:
    left = [(cell, place in account.touched) for account in accounts for place, cell in account.open.items()]
    ShadowCell.objects.filter(id__in=before - {cell.id for cell, _ in left}).delete()
    ShadowCell.objects.bulk_create(cell for cell, _ in left if cell.id is None)
    again = [cell for cell, is_touched in left if is_touched and cell.id in before]
    ShadowCell.objects.bulk_update(again, ["stored", "since", "is_disputed", "is_counted"])


def _accounts(account_ids: set[str], upto: int) -> dict[str, Account]:
    accounts = {account_id: Account() for account_id in account_ids}
    rows = Evaluation.objects.filter(account_id__in=account_ids, id__lte=upto, is_known=True)
    for row in rows.order_by("account_id", "-id").distinct("account_id").only("account_id", "at", "truth", "cells"):
        accounts[row.account_id].last = _outcome(row)
    for cell in ShadowCell.objects.filter(account_id__in=account_ids):
        accounts[cell.account_id].open[cell.place] = cell
    applies = Apply.objects.filter(account_id__in=account_ids, state__in=CARRIED_OUT, decided_at__isnull=False)
    applies = applies.order_by("decided_at")
    for account_id, decided_at, writes in applies.values_list("account_id", "decided_at", "writes"):
        cells = {f"{one['store']}.{one['table']}.{one['column']}": one["truth"] for one in writes}
        if decided_at is not None:
            accounts[account_id].written.append((decided_at, cells))
    return accounts


def _outcome(row: Evaluation) -> Outcome:
    return Outcome(row.account_id, row.at, Look.of(row.truth or {}, row.cells))


def _compare(account: Account, now: Outcome, counts: Counts) -> None:
    """What came between the last look and this one; of the first, what differs already."""
    kinds, changed = dict[str, Shadow](), set[str]()
    if account.last is not None:
        ours = account.ours(account.last.at, now.at)
        changed = set(changed_places(account.last.look, now.look))
        by_us = {place for place in changed if place in ours and ours[place] == now.look.stored(place)}
        kinds = {place: judge(account.last.look, now.look, place) for place in changed - by_us}
        for place, kind in kinds.items():
            _add(counts, now.at, place, kind)
        _end(account, now, changed, by_us, counts)
    for place, stored in now.look.differs.items():
        if place not in account.open or place in changed:
            is_disputed = kinds.get(place) in (Shadow.DISAGREED, Shadow.OLD_ONLY)
            known = account.open.get(place) or ShadowCell(account_id=now.account_id, place=place)
            known.stored, known.since, known.is_disputed, known.is_counted = stored, now.at, is_disputed, False
            account.open[place] = known
            account.touched.add(place)
    account.last = now


def _end(account: Account, now: Outcome, changed: set[str], by_us: set[str], counts: Counts) -> None:
    """Cells that hold what is true by now."""
    for place in [place for place in account.open if place not in now.look.differs]:
        if account.open.pop(place).is_disputed:
            end = Shadow.REPAIRED if place in by_us else Shadow.CAME_ROUND if place in changed else Shadow.TRUTH_MOVED
            _add(counts, now.at, place, end)


def _count_waiting(now: datetime) -> None:
    """Cells that the engine would have written, and that others have left as they were for the whole window."""
    with transaction.atomic():
        waited = ShadowCell.objects.select_for_update(skip_locked=True).filter(
            is_disputed=False, is_counted=False, since__lte=now - WINDOW
        )
        cells = list(waited.order_by("id")[:MOST])
        counts: Counts = Counter()
        for cell in cells:
            _add(counts, cell.since + WINDOW, cell.place, Shadow.ENGINE_ONLY)
        ShadowCell.objects.filter(id__in=[cell.id for cell in cells]).update(is_counted=True)
        _count(counts)


def _add(counts: Counts, at: datetime, place: str, kind: Shadow) -> None:
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for name in classes_of(place) or (VALUES,):
        counts[day, name, place.partition(".")[0], kind.value] += 1


def _count(counts: Counts) -> None:
    """In the order of the rows, so that two who count wait for one another and not in a ring."""
    if counts:
        rows: Iterable[tuple[Any, ...]] = [(*key, cells) for key, cells in sorted(counts.items())]
        with connection.cursor() as cursor:
            cursor.execute(COUNT, [list(column) for column in zip(*rows, strict=True)])
