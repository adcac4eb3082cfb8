"""Try a version of the policy out on every account that it can touch, in chunks that workers do: nothing is written to
any account.

All that there is of it stands in its rows: a chunk that got lost is handed out again when its lease is over, one that
is done twice counts once, and whoever does the last one adds them up.
"""

import gc
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from recon.actions.policy_counts import PolicyCounts
from recon.actions.wake import wake, wake_soon
from recon.engine.facts import Facts
from recon.engine.policy import Policy
from recon.engine.policy_effect import Effect, effect_of
from recon.engine.policy_inputs import ANY, changed_inputs
from recon.models import AccountState, PolicyPreview, PolicyPreviewChunk, PolicyState, PolicyVersion
from recon.queries.facts_in_bulk import facts_of

log = logging.getLogger(__name__)

DRIVE: Final = "recon.drive_policy_previews"
DO: Final = "recon.preview_policy_chunk"
CHUNK: Final = 500
AT_ONCE: Final = 4
LEASE: Final = timedelta(minutes=1)
OPEN_STATES: Final = (PolicyState.DRAFT, PolicyState.WAITING_FOR_SECOND)
# Unknown verdicts stand apart: no policy makes a truth of them.
LIST: Final = """
insert into policy_preview_chunk (preview_id, number, account_ids, result)
select %(preview)s, place / %(size)s, array_agg(account_id order by account_id), '{}'
from (
    select account_id, row_number() over (order by account_id) - 1 as place
    from account_state where is_known and policy_inputs && %(parts)s::text[]
) as one
group by place / %(size)s
returning cardinality(account_ids)
"""
HAND_OUT: Final = """
update policy_preview_chunk set lease_until = %(until)s
where id in (
    select id from policy_preview_chunk
    where preview_id = %(preview)s and done_at is null and (lease_until is null or lease_until <= %(now)s)
    order by number limit %(limit)s
)
returning id
"""


def begin_preview(version: PolicyVersion, against: PolicyVersion, *, actor: str, now: datetime) -> PolicyPreview:
    """In the caller's transaction. One that is under way for the same version is given up."""
    version.previews.filter(finished_at__isnull=True, stopped="").update(stopped="It was begun again.")
    preview = PolicyPreview.objects.create(version=version, against=against, judged_at=now, started_by=actor)
    wake_soon(DRIVE)
    return preview


def drive_policy_previews(*, now: datetime) -> int:
    """By the schedule, or when somebody wakes. How many are under way."""
    ids = list(PolicyPreview.objects.filter(finished_at__isnull=True, stopped="").values_list("id", flat=True))
    for preview_id in ids:
        _drive(preview_id, now)
    return len(ids)


def preview_chunk(chunk_id: int, *, now: datetime) -> None:
    """One chunk; one that is done, or whose preview is over, is left alone."""
    chunk = (
        PolicyPreviewChunk.objects.select_related("preview__version", "preview__against").filter(id=chunk_id).first()
    )
    if chunk is None:
        return
    if chunk.done_at is None and not chunk.preview.stopped:
        with _uncollected():
            result = counts_of(chunk.preview, chunk.account_ids).as_json()
        open_still = PolicyPreviewChunk.objects.filter(id=chunk_id, done_at__isnull=True)
        open_still.update(result=result, done_at=now, lease_until=None)
    _drive(chunk.preview_id, now)


def counts_of(preview: PolicyPreview, account_ids: Sequence[str]) -> PolicyCounts:
    """What the version would change for these accounts, by what the stores last said and at the preview's moment."""
    old, new = Policy.from_json(preview.against.policy), Policy.from_json(preview.version.policy)
    counts = PolicyCounts(salt=str(preview.id))
    for account_id, facts in facts_of(account_ids, livemode=settings.STRIPE_LIVEMODE):
        counts.count(account_id, _effect(account_id, facts, old, new, preview.judged_at))
    return counts


def parts_touched(old: PolicyVersion, new: PolicyVersion) -> list[str]:
    """The names of what differs, and with them the name of accounts of which nothing is known; empty where no account
    can be touched."""
    parts = changed_inputs(Policy.from_json(old.policy), Policy.from_json(new.policy))
    return sorted({*parts, ANY}) if parts else []


@contextmanager
def _uncollected() -> Iterator[None]:
    """Facts are trees and are freed as they are left; looking for circles among them would take a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _effect(account_id: str, facts: Facts | None, old: Policy, new: Policy, at: datetime) -> Effect | None:
    try:
        return effect_of(facts, old, new, at) if facts is not None else None
    except Exception:  # a fault of the rules themselves: as when they evaluate, the others go on
        log.exception("the rules failed", extra={"account_id": account_id})
        return None


def _drive(preview_id: int, now: datetime) -> None:
    """Whatever is due: list, hand out, close."""
    with transaction.atomic():
        rows = PolicyPreview.objects.select_for_update(of=("self",)).select_related("version", "against")
        preview = rows.get(id=preview_id)
        if preview.finished_at is not None or preview.stopped:
            return
        preview.stopped = _why_stop(preview)
        if preview.stopped:
            preview.save(update_fields=["stopped"])
            preview.chunks.all().delete()
            return
        if preview.listed_at is None:
            _list(preview, now)
        if preview.chunks.filter(done_at__isnull=True).exists():
            _hand_out(preview, now)
        else:
            _finish(preview, now)


def _why_stop(preview: PolicyPreview) -> str:
    if preview.against.state != PolicyState.ACTIVE:
        return "Another version took over meanwhile: preview it again."
    return "" if preview.version.state in OPEN_STATES else "It was withdrawn."


def _list(preview: PolicyPreview, now: datetime) -> None:
    preview.accounts = AccountState.objects.count()
    preview.unknown = AccountState.objects.filter(is_known=False).count()
    parts = parts_touched(preview.against, preview.version)
    with connection.cursor() as cursor:
        cursor.execute(LIST, {"preview": preview.id, "size": CHUNK, "parts": parts})
        preview.to_recompute = sum(number for (number,) in cursor.fetchall())
    preview.listed_at = now
    preview.save(update_fields=["accounts", "unknown", "to_recompute", "listed_at"])


def _hand_out(preview: PolicyPreview, now: datetime) -> None:
    room = AT_ONCE - preview.chunks.filter(done_at__isnull=True, lease_until__gt=now).count()
    if room <= 0:
        return
    with connection.cursor() as cursor:
        cursor.execute(HAND_OUT, {"preview": preview.id, "now": now, "until": now + LEASE, "limit": room})
        ids = sorted(chunk_id for (chunk_id,) in cursor.fetchall())
    for chunk_id in ids:
        wake(DO, str(chunk_id))


def _finish(preview: PolicyPreview, now: datetime) -> None:
    """The sum is kept, the chunks are not: they name every account that the change could touch."""
    total = PolicyCounts(salt=str(preview.id))
    for result in preview.chunks.values_list("result", flat=True).iterator(chunk_size=CHUNK):
        total.add(result)
    preview.result, preview.finished_at = total.as_json(), now
    preview.save(update_fields=["result", "finished_at"])
    preview.chunks.all().delete()
