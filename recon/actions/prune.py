"""Remove what is older than it is kept for; never audit, nor what an account's state rests on."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from recon.apply.record import Entry, record
from recon.models import (
    SNAPSHOTS,
    AccountState,
    Evaluation,
    Inbox,
    InboxStatus,
    LookUp,
    MirrorSync,
    OutboxEvent,
    Recompute,
    SweepRun,
)

SUPERSEDED = """
delete from {table} old using {table} newer
where newer.account_id = old.account_id and (newer.read_at, newer.id) > (old.read_at, old.id)
  and newer.read_at < %s
"""


def prune(
    *, before: datetime, events_before: datetime | None = None, inbox_before: datetime | None = None
) -> Mapping[str, int]:
    """Rows removed by table. What the stores said at any moment from `before` on can still be asked.

    Published events, and events received, may be kept for another time than the rest. Of those received, what waits
    for its account or for a person stays."""
    removed = {model._meta.db_table: _prune_snapshots(model._meta.db_table, before) for model in SNAPSHOTS.values()}
    with transaction.atomic():
        is_latest = Exists(AccountState.objects.filter(evaluation=OuterRef("pk")))
        removed["evaluation"] = Evaluation.objects.filter(~is_latest, at__lt=before).delete()[0]
        removed["recompute"] = Recompute.objects.filter(at__lt=before).delete()[0]
        removed["outbox"] = _prune_events(events_before or before)
        settled = Inbox.objects.filter(status__in=(InboxStatus.ROUTED, InboxStatus.IGNORED))
        removed["inbox"] = settled.filter(received_at__lt=inbox_before or before).delete()[0]
        removed["sweep_run"] = SweepRun.objects.filter(finished_at__lt=before).delete()[0]
        removed["mirror_sync"] = _prune_syncs(before)
        # What ended is of no more use, and may hold what somebody typed.
        removed["session"] = Session.objects.filter(expire_date__lt=Now()).delete()[0]
    return removed


def prune_look_ups(*, before: datetime, actor: str) -> int:
    """Who saw what, forgotten; that it was is an entry of the audit. How many."""
    with transaction.atomic():
        removed = LookUp.objects.filter(at__lt=before).delete()[0]
        if removed:
            after = {"removed": removed, "before": before.isoformat()}
            record(Entry(actor=actor, action="look_ups.pruned", reason="older than they are kept for", after=after))
    return removed


def _prune_snapshots(table: str, before: datetime) -> int:
    """A row goes when a newer one took its place before that moment: the newest of them still answers for it."""
    with connection.cursor() as cursor:
        cursor.execute(SUPERSEDED.format(table=table), [before])
        return int(cursor.rowcount)


def _prune_events(before: datetime) -> int:
    """The newest of them stays: the feed knows by the oldest event that is kept who has missed something."""
    old = OutboxEvent.objects.filter(published_at__lt=before)
    newest = old.order_by("-sequence").values_list("sequence", flat=True).first()
    return old.filter(sequence__lt=newest).delete()[0] if newest is not None else 0


def _prune_syncs(before: datetime) -> int:
    latest = MirrorSync.objects.filter(completed_at__isnull=False).order_by("-started_at").first()
    rows = MirrorSync.objects.filter(started_at__lt=before, completed_at__isnull=False)
    return rows.exclude(id=latest.id).delete()[0] if latest else 0
