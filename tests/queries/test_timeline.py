"""The timeline: what the stores said, what happened by their own clocks, and what we did, page by page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recon.actions.keep_snapshots import keep_snapshots
from recon.apply.record import Entry as AuditEntry
from recon.apply.record import Event, record
from recon.engine.facts import Reading, StoreName
from recon.models import Apply, ApplyState, Evaluation, Inbox, InboxMark, InboxStatus, Note, Recompute
from recon.queries.happenings import Entry, Kind
from recon.queries.snapshots import latest
from recon.queries.timeline import Cursor, cursor_of, timeline
from tests.support.kept import golden, golden_names, keep_case, malformed_names

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOW = datetime(2027, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PENDING = {
    "payment_id": "pay_1", "account_id": "acc_1", "invoice_id": "inv_1", "rail": "stripe", "method": "card",
    "status": "pending", "amount_minor": 2000, "currency": "eur", "created_at": "2026-03-08T12:00:00Z",
    "settled_at": None,
}  # fmt: skip
SETTLED = PENDING | {"status": "settled", "settled_at": "2026-03-09T12:00:00Z"}


def tables_now(account_id: str) -> dict[str, Any]:
    return {store.value: said.tables for store, said in latest(account_id).items()}


def shown(account_id: str = "acc_1", **options: Any) -> tuple[Entry, ...]:
    return timeline(account_id, tables_now(account_id), now=options.pop("now", NOW), **options).entries


def says(store: StoreName, at: datetime, **tables: list[dict]) -> None:
    keep_snapshots([("acc_1", Reading(store, at, tables))])


def ledger_says(at: datetime, *payments: dict) -> None:
    says(StoreName.BILLING_PROD, at, payments=list(payments))


def test_what_was_before_the_first_reading_stands_at_its_own_time() -> None:
    ledger_says(NOON, SETTLED)
    (entry,) = shown()
    assert (entry.at, entry.what, entry.subject) == (NOON - DAY, "payment_settled", "payments[pay_1]")
    assert (entry.source, entry.seen_at) == ("billing_prod", None)
    assert entry.told["amount"] == 2000


def test_a_late_arrival_carries_both_clocks() -> None:
    ledger_says(NOON, PENDING)
    ledger_says(NOON + 2 * DAY, SETTLED)
    settled = shown()[0]
    assert (settled.what, settled.happened_at, settled.seen_at) == ("payment_settled", NOON - DAY, NOON + 2 * DAY)
    assert settled.at == NOON + 2 * DAY


def test_a_store_that_changes_its_mind_says_so_value_by_value() -> None:
    flags = {"account_id": "acc_1", "has_debt": False, "in_bad_debt": False, "row_version": 1}
    says(StoreName.BILLING_PROD, NOON, account_flags=[flags])
    says(StoreName.BILLING_PROD, NOON + DAY, account_flags=[flags | {"has_debt": True, "row_version": 2}])
    (entry,) = shown()
    assert (entry.what, entry.subject, entry.at) == ("row_changed", "account_flags[acc_1]", NOON + DAY)
    assert entry.told["changes"] == [["has_debt", False, True]]


def test_a_row_that_comes_and_goes_is_told() -> None:
    block = {"account_id": "acc_1", "reason": "legal", "level": "suspend"}
    says(StoreName.CF_PROD, NOON)
    says(StoreName.CF_PROD, NOON + DAY, blocks=[block])
    says(StoreName.CF_PROD, NOON + 2 * DAY, blocks=[])
    assert [(entry.what, entry.subject) for entry in shown()] == [
        ("row_removed", "blocks[acc_1,legal]"),
        ("row_added", "blocks[acc_1,legal]"),
    ]


def test_an_invoice_falls_due_without_another_word_and_not_before_its_day() -> None:
    invoice = {"invoice_id": "inv_1", "status": "issued", "currency": "eur", "total_minor": 2000}
    says(StoreName.BILLING_PROD, NOON, invoices=[invoice | {"due_at": "2026-03-20T00:00:00Z"}])
    assert shown(now=NOON + DAY) == ()
    assert [(entry.what, entry.at) for entry in shown()] == [("invoice_due", datetime(2026, 3, 20, tzinfo=UTC))]


def test_stripe_tells_of_disputes_and_of_what_became_of_them() -> None:
    dispute = {"id": "dp_1", "status": "needs_response", "amount": 2000, "currency": "eur", "created": 1_772_366_400}
    says(StoreName.STRIPE, NOON, disputes=[dispute])
    says(StoreName.STRIPE, NOON + DAY, disputes=[dispute | {"status": "lost"}])
    assert [(entry.what, entry.subject) for entry in shown()] == [
        ("row_changed", "disputes[dp_1]"),
        ("dispute_opened", "disputes[dp_1]"),
    ]


def approve(state: ApplyState, **changes: Any) -> Apply:
    return Apply.objects.create(
        id=uuid4(), account_id="acc_1", digest="d" * 64, approved_by="user:ada", reason="They paid.", state=state,
        created_at=NOON, expires_at=NOON + DAY, **changes,
    )  # fmt: skip


def test_a_repair_is_approved_and_ends_once_each() -> None:
    apply = approve(ApplyState.DONE, closed_at=NOON + DAY)
    record(AuditEntry("user:ada", "repair.applied", "They paid.", "acc_1", apply_id=apply.id))
    assert [(entry.what, entry.subject, entry.actor) for entry in shown()] == [
        ("closed", str(apply.id), "user:ada"),
        ("approved", str(apply.id), "user:ada"),
    ]


def test_other_audit_entries_notes_and_events_are_told() -> None:
    record(
        AuditEntry("user:ada", "repair.refused", "They paid.", "acc_1"),
        [Event("repair.refused", "acc_1", None, {"code": "stale"})],
    )
    record(AuditEntry("user:ada", "note.added", "note", "acc_1"))
    Note.objects.create(account_id="acc_1", at=NOON, author="user:ada", text="Called.")
    event = Inbox.objects.create(
        source="stripe", event_id="evt_1", received_at=NOON + DAY, occurred_at=NOON, type="invoice.paid", body={},
        body_hash="", status=InboxStatus.ROUTED, object_id="in_1",
    )  # fmt: skip
    InboxMark.objects.create(event=event, account_id="acc_1", gen=1)
    told = {entry.what: entry for entry in shown()}
    assert told.keys() == {"audited", "event_out", "noted", "event_in"}
    assert (told["event_in"].happened_at, told["event_in"].seen_at) == (NOON, NOON + DAY)
    assert told["noted"].told == {"text": "Called."}


def test_an_evaluation_says_from_which_state_to_which() -> None:
    keep_case(golden("ladder/past_due_just_before"))
    keep_case(golden("ladder/past_due_at_midnight"))
    latest_one, first = shown(kinds=[Kind.EVENTS])[:1], shown(kinds=[Kind.EVENTS])[-1]
    assert first.told["is_first"] or first.what == "event_out"
    states = [(one.told["was_state"], one.told["state"]) for one in shown() if one.what == "evaluated"]
    assert states == [("grace", "past_due"), (None, "grace")]
    assert latest_one


def asked_for(at: datetime, *causes: tuple[str, str], evaluation: Evaluation | None = None, more: int = 0) -> None:
    told = [{"kind": kind, "ref": ref, "at": at.isoformat()} for kind, ref in causes]
    Recompute.objects.create(account_id="acc_1", at=at, evaluation=evaluation, causes=told, more_causes=more)


def test_an_evaluation_says_what_had_asked_for_it() -> None:
    keep_case(golden("ladder/past_due_just_before"), account_id="acc_1")
    one = Evaluation.objects.get()
    asked_for(one.at, ("event", "stripe invoice.paid evt_1"), evaluation=one, more=3)
    (entry,) = [entry for entry in shown() if entry.what == "evaluated"]
    assert entry.told["asked"]["more"] == 3
    assert [cause["ref"] for cause in entry.told["asked"]["causes"]] == ["stripe invoice.paid evt_1"]


def test_an_evaluation_that_changed_nothing_is_told_too() -> None:
    keep_case(golden("ladder/past_due_just_before"), account_id="acc_1")
    one = Evaluation.objects.get()
    asked_for(one.at + DAY, ("person", "user:ada"), evaluation=one)
    asked_for(one.at + 2 * DAY, ("timer", ""))
    told = [(entry.at, entry.told["is_overtaken"]) for entry in shown() if entry.what == "recomputed"]
    assert told == [(one.at + 2 * DAY, True), (one.at + DAY, False)]


def test_a_filter_shows_its_kind_alone() -> None:
    ledger_says(NOON, SETTLED)
    Note.objects.create(account_id="acc_1", at=NOON, author="user:ada", text="Called.")
    assert [entry.kind for entry in shown(kinds=[Kind.NOTES])] == [Kind.NOTES]
    assert [entry.kind for entry in shown(kinds=[Kind.STORES])] == [Kind.STORES]


def whole(limit: int) -> list[Entry]:
    """Every page, one after the other."""
    entries: list[Entry] = []
    after: Cursor | None = None
    for _ in range(500):
        page = timeline("acc_1", tables_now("acc_1"), now=NOW, after=after, limit=limit)
        entries += page.entries
        if page.after is None:
            return entries
        after = page.after
    raise AssertionError("the timeline does not end")


def long_life() -> None:
    """Forty words of two stores, some of them at one moment with notes, and thirty payments before all of it."""
    paid = [SETTLED | {"payment_id": f"pay_{number}"} for number in range(30)]
    for number in range(40):
        ledger_says(NOON + number * DAY, *paid[: 20 + number])
        entitled = {"account_id": "acc_1", "restricted": bool(number % 2)}
        says(StoreName.CF_PROD, NOON + number * DAY, entitlements=[entitled])
        Note.objects.create(account_id="acc_1", at=NOON + number * DAY, author="user:ada", text=str(number))
        Note.objects.create(account_id="acc_1", at=NOON, author="user:ada", text=f"same moment {number}")


@pytest.mark.parametrize("limit", [7, 50])
def test_pages_tell_everything_once_and_in_order(limit: int) -> None:
    long_life()
    entries = whole(limit)
    named = [(entry.what, entry.at, entry.subject) for entry in entries]
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)
    assert len(named) == len(set(named)) == 30 + 39 + 80


def test_a_page_costs_two_queries_however_long_the_life() -> None:
    long_life()
    tables = tables_now("acc_1")
    with CaptureQueriesContext(connection) as caught:
        timeline("acc_1", tables, now=NOW)
        timeline("acc_1", tables, now=NOW, after=Cursor(NOON + 20 * DAY, 3))
    assert len(caught) == 4


@pytest.mark.parametrize("name", [*golden_names()[::9], *malformed_names()])
def test_whatever_a_store_says_is_told_or_left_out(name: str) -> None:
    account_id = keep_case(golden(name))
    assert shown(account_id)


@pytest.mark.parametrize(
    "text", ["", "x", "1.", ".1", "-1.0", "9" * 40 + ".1", "9" * 25 + ".1", "١.٢", "1.2.3", "\x00"]
)
def test_a_cursor_that_is_none_begins_at_the_beginning(text: str) -> None:
    assert cursor_of(text) is None


def test_a_cursor_reads_back() -> None:
    cursor = Cursor(NOON + timedelta(microseconds=7), 3)
    assert cursor_of(str(cursor)) == cursor


def test_nobody_knows_the_account(django_assert_num_queries: Callable) -> None:
    with django_assert_num_queries(2):
        assert timeline("acc_none", {}, now=NOW).entries == ()
