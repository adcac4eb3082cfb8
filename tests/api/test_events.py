"""The feed: everything that was told, in the order of its commits, from where one left off."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from recon.apply.record import Entry, Event, record
from recon.apply.tell import tell
from recon.models import EventKind, OutboxEvent
from recon.queries import events as queries
from tests.support.tokens import bearer

FEED = "/api/v1/events/"
SECRETS = ("first-secret-of-the-feed", "next-secret-of-the-feed")
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def feed_secrets(settings: Any) -> None:
    settings.EVENT_FEED_SECRETS = SECRETS


def ask(url: str = FEED, secret: str = SECRETS[0], **query: Any) -> Any:
    return Client().get(url, query or None, headers={"authorization": f"Bearer {secret}"})


def told(*accounts: str, kind: EventKind = EventKind.DRIFT_DETECTED) -> list[int]:
    """One event of each, in this order; their sequences."""
    before = set(OutboxEvent.objects.values_list("sequence", flat=True))
    tell(Event(kind, account_id) for account_id in accounts)
    return sorted(set(OutboxEvent.objects.values_list("sequence", flat=True)) - before)


def sequences(answer: Any) -> list[int]:
    return [one["sequence"] for one in answer.json()["events"]]


def test_an_event_is_told_whole() -> None:
    entry = Entry(actor="user:ada", action="repair.applied", reason="paid")
    changed = Event(EventKind.STATE_CHANGED, "acc_1", {"state": "bad_debt"}, {"state": "clear"}, "apply:1")
    seq = record(entry, [changed])
    kept = OutboxEvent.objects.get()
    OutboxEvent.objects.update(at=NOW)
    assert ask().json() == {
        "events": [
            {
                "sequence": kept.sequence,
                "event_id": str(kept.event_id),
                "kind": "account.state_changed",
                "account_id": "acc_1",
                "at": "2026-03-20T12:00:00Z",
                "before": {"state": "bad_debt"},
                "after": {"state": "clear"},
                "cause": "apply:1",
                "audit_seq": seq,
            }
        ],
        "next": f"{FEED}?after={kept.sequence}&limit=100",
        "more": False,
    }


def test_pages_lead_to_the_end_and_on_from_there() -> None:
    known = told(*(f"acc_{number}" for number in range(5)))
    seen, page = [], ask(limit=2).json()
    while True:
        seen += [one["sequence"] for one in page["events"]]
        if not page["more"]:
            break
        page = ask(page["next"]).json()
    assert seen == known
    later = told("acc_9")
    assert sequences(ask(page["next"])) == later


def test_a_filter_keeps_its_place_where_it_found_nothing() -> None:
    told("acc_1", "acc_2", "acc_2")
    mine = told("acc_1", kind=EventKind.CASE_OPENED)
    assert len(sequences(ask(account="acc_1"))) == 2
    assert sequences(ask(kind="case.opened")) == mine
    assert sequences(ask(kind="case.opened", account="acc_1")) == mine
    answer = ask(account="acc_3").json()
    assert answer == {"events": [], "next": f"{FEED}?after={mine[0]}&limit=100&account=acc_3", "more": False}


def test_an_account_is_asked_for_whatever_it_is_called() -> None:
    mine = told("kunde ü/1")
    page = ask(account="kunde ü/1").json()
    assert [one["sequence"] for one in page["events"]] == mine
    assert ask(page["next"]).json()["next"] == page["next"]


def test_a_rare_kind_is_looked_for_a_page_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_LOOKED_AT", 2)
    known = told("acc_1", "acc_2", "acc_3")
    wanted = told("acc_4", kind=EventKind.CASE_OPENED)
    page = ask(kind="case.opened").json()
    assert (page["events"], page["more"]) == ([], True)
    assert page["next"] == f"{FEED}?after={known[1]}&limit=100&kind=case.opened"
    assert sequences(ask(page["next"])) == wanted


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("after=-1", "after"),
        ("after=x", "after"),
        ("after=", "after"),
        ("after=%D9%A1", "after"),
        ("after=1234567890123456789", "after"),
        ("after=1&after=2", "after"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=1e3", "limit"),
        ("account=", "account"),
        ("account=acc%001", "account"),
        ("account=acc%0A1", "account"),
        ("kind=drift", "kind"),
        ("kind=", "kind"),
        ("since=1", ""),
    ],
)
def test_a_parameter_that_is_none_is_refused(query: str, parameter: str) -> None:
    answer = ask(f"{FEED}?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


@pytest.mark.parametrize("secret", ["", "wrong", "first-secret-of-the-fee", "é"])
def test_without_the_secret_nothing_is_told(secret: str) -> None:
    told("acc_1")
    answer = ask(secret=secret)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert "acc_1" not in answer.content.decode()


def test_two_secrets_hold_while_one_is_replaced() -> None:
    assert [ask(secret=secret).status_code for secret in SECRETS] == [200, 200]


def test_a_token_that_may_read_reads_it_and_its_calls_are_counted(settings: Any) -> None:
    settings.EVENT_FEED_SECRETS = ()
    told("acc_1")
    answer = bearer("read").get(FEED)
    assert (answer.status_code, len(answer.json()["events"]), "RateLimit-Remaining" in answer) == (200, 1, True)
    assert [bearer("audit").get(FEED).status_code, ask(secret="").status_code] == [403, 401]


def test_whoever_missed_pruned_events_is_told_so() -> None:
    known = told("acc_1", "acc_2", "acc_3", "acc_4")
    OutboxEvent.objects.filter(sequence__lt=known[2]).delete()
    answer = ask(after=known[0])
    assert (answer.status_code, answer.json()["code"]) == (410, "no_longer_kept")
    assert "Take a copy" in answer.json()["detail"]
    assert sequences(ask(after=known[1])) == known[2:]  # it has missed nothing
    assert sequences(ask()) == known[2:]


def test_a_place_that_the_feed_has_not_reached_is_of_another_feed() -> None:
    (last,) = told("acc_1")
    answer = ask(after=last + 1)
    assert (answer.status_code, answer.json()["code"]) == (410, "ahead")


def test_an_empty_feed_is_no_fault() -> None:
    assert ask(after=7).json() == {"events": [], "next": f"{FEED}?after=7&limit=100", "more": False}


@contextmanager
def another(work: Callable[[], Any]) -> Iterator[ThreadPoolExecutor]:
    """A thread with a connection of its own, which is closed in the end."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(work)
        yield pool
        running.result(timeout=30)
        pool.submit(connections.close_all).result(timeout=30)


@pytest.mark.django_db(transaction=True)
def test_nothing_appears_behind_a_cursor_while_a_transaction_is_held_open() -> None:
    """The one that is open has the turn: who comes later waits, and takes the later sequence."""
    has_told, may_commit = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            tell([Event(EventKind.DRIFT_DETECTED, "acc_slow")])
            has_told.set()
            assert may_commit.wait(30)

    def overtake() -> None:
        tell([Event(EventKind.DRIFT_DETECTED, "acc_quick")])

    with another(hold):
        assert has_told.wait(30)
        with another(overtake):
            assert waits_for_the_turn()
            assert ask().json()["events"] == []
            may_commit.set()
    assert [one["account_id"] for one in ask().json()["events"]] == ["acc_slow", "acc_quick"]


def waits_for_the_turn() -> bool:
    query = "select count(*) from pg_stat_activity where wait_event = 'advisory' and datname = current_database()"
    for _ in range(10_000):
        with connection.cursor() as cursor:
            cursor.execute(query)
            if cursor.fetchone()[0]:
                return True
    return False


@pytest.mark.django_db(transaction=True)
def test_a_reader_beside_many_writers_misses_nothing() -> None:
    """Writers roll some back; whatever a page has shown, no smaller sequence appears later."""
    writers, each = 6, 40

    def write(writer: int) -> None:
        for number in range(each):
            with transaction.atomic():
                tell(Event(EventKind.DRIFT_DETECTED, f"acc_{writer}", None, {"n": number}) for _ in range(2))
                if number % 5 == 4:
                    transaction.set_rollback(True)
        connections.close_all()

    seen: list[dict[str, Any]] = []
    with ThreadPoolExecutor(writers) as pool:
        running = [pool.submit(write, writer) for writer in range(writers)]
        after = 0
        while True:
            is_over = all(one.done() for one in running)
            page = ask(after=after, limit=7).json()
            seen += page["events"]
            after = int(page["next"].split("after=")[1].split("&")[0])
            if is_over and not page["more"]:
                break
        for one in running:
            one.result()
    kept = list(OutboxEvent.objects.order_by("sequence").values_list("sequence", flat=True))
    assert [one["sequence"] for one in seen] == kept
    assert len(kept) == writers * each * 2 * 4 // 5
    for writer in range(writers):
        of_account = [one["after"]["n"] for one in seen if one["account_id"] == f"acc_{writer}"]
        assert of_account == sorted(of_account)


def test_the_pages_are_found_by_an_index() -> None:
    told(*(f"acc_{number % 50}" for number in range(2_000)))
    with connection.cursor() as cursor:
        cursor.execute("analyze outbox")
        for wanted in (queries.AFTER, queries.OF_ACCOUNT):
            asked = {"after": 10, "limit": 100, "account": "acc_1", "kind": "", "looked_at": 100}
            cursor.execute("explain (format json) " + queries.PAGE.format(wanted=wanted), asked)
            plan = json.dumps(cursor.fetchone()[0])
            assert "Seq Scan" not in plan
