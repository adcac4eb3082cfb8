"""Old things go, in small steps that may be broken off; what is asked of the days kept is still answered."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db.models import Model

from recon.actions import prune as pruning
from recon.actions.prune import Pruned, prune
from recon.actions.retention import AGED, KEPT
from recon.engine.facts import StoreName
from recon.models import (
    Apply,
    ApplyState,
    BulkRepair,
    BulkState,
    DriftChange,
    DriftPoint,
    Evaluation,
    Inbox,
    InboxFinding,
    InboxMark,
    InboxStatus,
    Note,
    OutboxEvent,
    Snooze,
    SweepChunk,
    SweepRun,
    WorkClaim,
)
from recon.queries.snapshots import as_of
from tests.actions.test_keep_evaluations import drifted, healed, keep

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def pruned(now: datetime, **options: Any) -> Pruned:
    return prune(now=now, actor="task:prune", **options)


def test_every_table_is_pruned_or_kept_for_a_reason() -> None:
    models = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    aged = {one.model._meta.label for one in AGED}
    assert models == aged | KEPT.keys()
    assert aged & KEPT.keys() == set()


def test_what_the_stores_said_on_a_kept_day_can_still_be_asked(settings: Any) -> None:
    for day in (0, 10, 20):
        keep(drifted() if day != 10 else healed(), NOW + day * DAY)
    kept_from = NOW + 15 * DAY
    before = as_of("acc_1", kept_from)
    assert pruned(kept_from + settings.SNAPSHOT_DAYS * DAY).removed["snapshot_cf_prod"] == 1
    assert as_of("acc_1", kept_from) == before
    assert StoreName.CF_PROD not in as_of("acc_1", NOW)


def test_the_latest_evaluation_stays_however_old_it_is() -> None:
    keep(drifted(), NOW)
    keep(healed(), NOW + DAY)
    pruned(NOW + 1000 * DAY)
    assert list(Evaluation.objects.values_list("at", flat=True)) == [NOW + DAY]


def test_events_received_go_but_what_waits_for_somebody_stays() -> None:
    for name in (*InboxStatus.values, "odd"):
        status = InboxStatus.ROUTED if name == "odd" else name
        kept = {"event_id": name, "status": status, "body": {}, "received_at": NOW}
        event = Inbox.objects.create(source="stripe", type="invoice.paid", body_hash="", **kept)
        InboxMark.objects.create(event=event, account_id="acc_1", gen=1)
    InboxFinding.objects.create(event=event, kind="other_body", at=NOW)
    assert pruned(NOW + 1000 * DAY).removed["inbox"] == 2
    assert set(Inbox.objects.values_list("event_id", flat=True)) == {"unrouted", "dead", "odd"}
    assert InboxMark.objects.count() == 3


def test_the_course_keeps_each_days_last_count_and_each_accounts_last_change() -> None:
    for hours in (0, 1, 23, 24, 30):
        DriftPoint.objects.create(at=NOW + hours * HOUR, counts={})
    for hours, measure in ((0, "stuck"), (1, "stuck"), (2, "missed")):
        DriftChange.objects.create(at=NOW + hours * HOUR, account_id="acc_1", measure=measure, kind="new")
    pruned(NOW + 1000 * DAY)
    assert list(DriftPoint.objects.order_by("at").values_list("at", flat=True)) == [NOW + 23 * HOUR, NOW + 30 * HOUR]
    assert set(DriftChange.objects.values_list("at", flat=True)) == {NOW + HOUR, NOW + 2 * HOUR}


def test_the_last_sweep_and_the_last_that_proved_accounts_unchanged_stay() -> None:
    for number, (finished, proved) in enumerate([(NOW, NOW), (NOW, NOW), (None, None), (NOW, None), (NOW, None)]):
        run = SweepRun.objects.create(started_at=NOW, finished_at=finished, proved_at=proved)
        SweepChunk.objects.create(run=run, number=number, account_ids=["acc_1"])
    assert [pruned(NOW + days * DAY).removed["sweep_chunk"] for days in (1, 10, 11)] == [0, 4, 0]
    pruned(NOW + 1000 * DAY)
    assert list(SweepRun.objects.order_by("id").values_list("id", flat=True)) == [run.id - 3, run.id]


def test_the_newest_event_told_stays_so_that_the_feed_knows_who_missed_some() -> None:
    told = [OutboxEvent.objects.create(kind="x", account_id="a", published_at=NOW).sequence for _ in range(3)]
    waiting = OutboxEvent.objects.create(kind="x", account_id="a").sequence
    pruned(NOW + 1000 * DAY)
    assert list(OutboxEvent.objects.order_by("sequence").values_list("sequence", flat=True)) == [told[-1], waiting]


def test_what_ended_goes_and_what_people_wrote_or_did_stays() -> None:
    long_ago = {"reason": "r", "digest": "d", "created_at": NOW, "expires_at": NOW}
    ended: list[tuple[type[Model], dict[str, Any]]] = [
        (Session, {"session_key": "s", "session_data": "", "expire_date": NOW}),
        (AccessAttempt, {"failures_since_start": 1, "get_data": "", "post_data": ""}),
        (Snooze, {"account_id": "a", "until": NOW, "at": NOW, "person": "user:a", "reason": "r"}),
        (WorkClaim, {"account_id": "a", "person": "user:a", "claimed_at": NOW, "touched_at": NOW}),
        (BulkRepair, {"started_at": NOW, "actor": "user:a", "state": BulkState.DRAFTED, "reason": ""}),
    ]
    stays: list[tuple[type[Model], dict[str, Any]]] = [
        (Note, {"account_id": "a", "at": NOW, "author": "user:a", "text": "t"}),
        (Apply, {"account_id": "a", "approved_by": "user:a", "state": ApplyState.DONE, **long_ago}),
        (BulkRepair, {"started_at": NOW, "actor": "user:a", "state": BulkState.DONE, "reason": "r"}),
    ]
    rows = [model.objects.create(**values) for model, values in (*ended, *stays)]  # type: ignore[attr-defined]
    pruned(datetime.now(UTC) + 1000 * DAY)
    there = [type(row).objects.filter(pk=row.pk).exists() for row in rows]
    assert there == [False] * len(ended) + [True] * len(stays)


def has_time_for(steps: int) -> Callable[[], bool]:
    left = iter([True] * steps)
    return lambda: next(left, False)


def test_a_run_that_is_broken_off_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    for number in range(7):
        OutboxEvent.objects.create(kind="x", account_id=f"a{number}", published_at=NOW)
    reports, left = [], []
    while not (reports and reports[-1].is_whole):
        reports.append(pruned(NOW + 1000 * DAY, has_time=has_time_for(len(AGED) + 1)))
        left.append(OutboxEvent.objects.count())
    assert left[-1] == 1
    assert sum(report.removed["outbox"] for report in reports) == 6
    assert len(reports) == 2


def test_the_guide_says_what_is_kept_for_how_long(settings: Any) -> None:
    guide = (settings.BASE_DIR / "docs" / "operation.md").read_text()
    rows = re.findall(r"^\| `(\S+)` \| .* \| (\d+) days? \| `?(\w*)`? ?\|$", guide, re.MULTILINE)
    told = {(table, int(days), setting) for table, days, setting in rows}
    assert told == {
        ("snapshot_*" if one.table.startswith("snapshot_") else one.table, one.days, one.setting) for one in AGED
    }
