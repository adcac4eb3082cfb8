"""Known wrong ways to take events in and to tell them, planted one at a time in all processes of a campaign.

A campaign that does not see them proves nothing. `tests/actions/intake_model.py` sees those that need rare timing.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from celery import Celery
from django.db import transaction
from django.db.models import F
from django.utils import timezone

Plant = Callable[[Celery], None]
A_MOMENT, A_LONG_MOMENT = 0.3, 2.0  # seconds, in which a kill finds what is half done


def _queue_in_the_broker(app: Celery) -> None:
    """Each hint names its accounts, and nobody looks for others: what the broker forgets is forgotten."""
    from recon.actions import receive_event, receive_store_events, resolve_events

    schedule = {name: entry for name, entry in app.conf.beat_schedule.items() if "recompute" not in entry["task"]}
    app.conf.beat_schedule = schedule
    for module in (receive_event, receive_store_events, resolve_events):
        module.wake_soon = _wake_each  # type: ignore[attr-defined]


def _wake_each(task: str) -> None:
    from recon.actions.wake import wake, wake_soon
    from recon.models import Dirty

    if "recompute" not in task:
        wake_soon(task)
        return
    marked = Dirty.objects.filter(gen__gt=F("done_gen"), since__gte=timezone.now() - timedelta(seconds=1))
    for account_id in marked.values_list("account", flat=True):
        wake("recon.recompute_account", account_id)


def _gen_read_late(app: Celery) -> None:
    from recon.actions import recompute_dirty
    from recon.models import Dirty

    complete = recompute_dirty.complete

    def late(done: Any) -> Any:
        time.sleep(A_MOMENT)
        return complete([replace(one, gen=Dirty.objects.get(account=one.account_id).gen) for one in done])

    recompute_dirty.complete = late  # type: ignore[attr-defined]


def _marks_before_it_publishes(app: Celery) -> None:
    from recon.actions import publish_events
    from recon.models import OutboxEvent

    def batch(stream: Any, now: Any, most_kept: int) -> int:
        events = list(OutboxEvent.objects.filter(published_at__isnull=True).order_by("sequence")[:500])
        OutboxEvent.objects.filter(sequence__in=[event.sequence for event in events]).update(published_at=now)
        time.sleep(A_LONG_MOMENT)
        publish_events._send(stream, events, most_kept)
        return len(events)

    publish_events._publish_batch = batch


def _completes_apart(app: Celery) -> None:
    """The claim is answered in one transaction, and the answer kept in another."""
    from recon.actions import recompute_dirty

    complete = recompute_dirty.complete
    keep = recompute_dirty._keep

    def apart(one: Any, evaluated: Any, *, is_complete: bool) -> Any:
        if is_complete:
            with transaction.atomic():
                complete([one])
            time.sleep(A_MOMENT)
        return keep(one, evaluated, is_complete=False)

    recompute_dirty._keep = apart


def _marks_apart(app: Celery) -> None:
    """The event is acknowledged durably, and its mark follows in a transaction of its own."""
    from recon.actions import receive_event

    def both(statement: str, params: Any) -> Any:
        kept = executed(
            statement.replace("select account_id from linked, kept", "select account_id from linked where false"),
            params,
        )
        time.sleep(A_MOMENT)
        if kept[0][0] is not None:
            _mark(receive_event.LINKED, params)
        return kept

    executed = receive_event.rows_of
    receive_event.rows_of = both  # type: ignore[attr-defined]


def _mark(linked: str, params: Any) -> None:
    from django.db import connection

    from recon.actions.dirty import MARK_FROM

    with connection.cursor() as cursor:
        marked = MARK_FROM.format(accounts="(select account_id from linked)")
        cursor.execute(f"with {linked} {marked}", params)


BUGS: Mapping[str, Plant] = {
    "queue-in-the-broker": _queue_in_the_broker,
    "gen-read-late": _gen_read_late,
    "marks-before-it-publishes": _marks_before_it_publishes,
    "completes-apart": _completes_apart,
    "marks-apart": _marks_apart,
}
