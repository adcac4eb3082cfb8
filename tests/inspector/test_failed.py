"""What failed waits on a page, is replayed or ignored there with a reason, and nothing of it is lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recon.actions.dirty import Cause, CauseKind, mark_dirty
from recon.actions.ignore_account import ignore_account
from recon.models import (
    AuditEntry,
    Dirty,
    FindingKind,
    Inbox,
    InboxFinding,
    InboxMark,
    InboxStatus,
    LookUp,
    Recompute,
    StripeObject,
)

pytestmark = pytest.mark.django_db

Browser = Callable[[str], Client]
HOUR = timedelta(hours=1)
REASON = "the row is mended"


def failing(account_id: str, *, attempts: int = 8, error: str = "ValueError: no such plan", **changes: Any) -> None:
    now = timezone.now()
    mark_dirty([account_id], now - HOUR, cause=Cause(CauseKind.PERSON, "user:ada"))
    given = {"attempts": attempts, "parked": attempts >= 8, "last_error": error, "not_before": now + HOUR}
    Dirty.objects.filter(account=account_id).update(**given | changes)


def event(event_id: str, status: str = InboxStatus.DEAD, **changes: Any) -> Inbox:
    given = {"source": "stripe", "event_id": event_id, "type": "invoice.paid", "body": {"email": "eve@example.test"}}
    given |= {"received_at": timezone.now() - 2 * HOUR, "body_hash": "h" * 64, "status": status, "refs": ["cus_9"]}
    return Inbox.objects.create(**given | changes)


def page_of(client: Client, query: str = "") -> Any:
    answer = client.get(f"/failed/?{query}")
    assert answer.status_code == 200
    return answer.context["page"]


def accounts_in(client: Client, query: str = "of=accounts") -> list[str]:
    return [line.account_id for line in page_of(client, query).accounts]


def test_nothing_failed(support: Client) -> None:
    page = page_of(support)
    assert (page.empty, [tab.number for tab in page.tabs]) == ("Nothing failed.", ["0", "0", "0"])


def test_an_account_that_keeps_failing_says_its_error_and_what_waits(support: Client) -> None:
    failing("acc_1", attempts=3)
    one = event("evt_1", InboxStatus.ROUTED)
    InboxMark.objects.create(event=one, account_id="acc_1", gen=1)
    [line] = page_of(support).accounts
    assert (line.state.text, line.attempts, line.error, line.why) == (
        "Tried again",
        "3",
        "ValueError: no such plan",
        "asked for by ada",
    )
    assert line.next_try.startswith("in ")
    assert [(link.text, link.href) for link in line.events] == [("stripe invoice.paid evt_1", f"/events/{one.id}/")]


def test_a_parked_account_says_that_nobody_tries_again(support: Client) -> None:
    failing("acc_1")
    [line] = page_of(support).accounts
    assert (line.state.text, line.next_try) == ("Parked", "when something happens to it, or by replay")


def test_one_failure_is_an_accident_and_what_is_ignored_is_gone(support: Client) -> None:
    failing("acc_once", attempts=2)
    failing("acc_ignored")
    ignore_account("acc_ignored", seen=1, actor="user:ada", groups=["admin"], reason=REASON, now=timezone.now())
    assert accounts_in(support) == []
    mark_dirty(["acc_ignored"], timezone.now())
    assert accounts_in(support) == ["acc_ignored"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=parked", ["acc_1"]),
        ("state=retried", ["acc_2"]),
        ("words=CF_prod", ["acc_2"]),
        ("words=acc_1", ["acc_1"]),
    ],
)
def test_accounts_are_filtered(support: Client, query: str, found: list[str]) -> None:
    failing("acc_1")
    failing("acc_2", attempts=4, error="cf_prod gives no answer")
    assert accounts_in(support, f"of=accounts&{query}") == found


def test_an_event_says_why_nobody_was_found(support: Client) -> None:
    StripeObject.objects.create(id="cus_9", kind="customers", body={}, content_hash="h", read_at=timezone.now())
    event("evt_1", refs=["cus_9", "ch_1"])
    page = page_of(support)
    [line] = page.events
    assert (page.of, line.status.text, line.why_nobody) == (
        "events",
        "Given up",
        (
            "cus_9: Stripe knows it, but its metadata names no account, and no store links it to one.",
            "ch_1: no store links it to an account, and Stripe has not shown it.",
        ),
    )


def test_an_event_is_stray_after_an_hour(support: Client) -> None:
    event("evt_new", InboxStatus.UNROUTED, received_at=timezone.now() - timedelta(minutes=59))
    event("evt_old", InboxStatus.UNROUTED)
    event("evt_routed", InboxStatus.ROUTED)
    assert [line.name for line in page_of(support, "of=events").events] == ["stripe evt_old"]


@pytest.mark.parametrize(("query", "found"), [("state=dead", 1), ("source=cf_prod", 0), ("words=evt_2", 1), ("", 2)])
def test_events_are_filtered(support: Client, query: str, found: int) -> None:
    event("evt_1")
    event("evt_2", InboxStatus.UNROUTED)
    assert len(page_of(support, f"of=events&{query}").events) == found


def test_odd_events_are_listed_until_settled(logged_in: Browser) -> None:
    finance, one = logged_in("finance"), event("evt_1", InboxStatus.ROUTED)
    detail = {"accounts": ["acc_1", "acc_2"]}
    kept = InboxFinding.objects.create(event=one, kind=FindingKind.TWO_ACCOUNTS, at=timezone.now(), detail=detail)
    [line] = page_of(finance).findings
    assert line.text.startswith("cus_9 is linked to more than one account")
    assert [account.text for account in line.accounts] == ["acc_1", "acc_2"]
    finance.post("/failed/ignore/?of=findings", {"finding": kept.id, "reason": REASON})
    assert page_of(finance, "of=findings").findings == ()


def test_ticked_accounts_are_replayed_with_one_reason(support: Client) -> None:
    failing("acc_1")
    failing("acc_2")
    failing("acc_3")
    answer = support.post(
        "/failed/replay/?of=accounts", {"account": ["1:acc_1", "1:acc_2", "1:acc_9"], "reason": REASON}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/failed/?of=accounts")
    html = support.get("/failed/?of=accounts").content.decode()
    assert "2 replayed: workers take them up now. 1 left as it was: Its evaluation does not fail any more." in html
    assert accounts_in(support) == ["acc_3"]
    entries = AuditEntry.objects.filter(action="queue.replayed", actor="user:support", reason=REASON)
    assert {entry.account for entry in entries} == {"acc_1", "acc_2"}


def test_only_finance_and_admin_ignore(logged_in: Browser) -> None:
    failing("acc_1")
    form = {"account": "1:acc_1", "reason": REASON}
    assert logged_in("support").post("/failed/ignore/", form).status_code == 403
    assert "What failed is ignored by finance or admin" in logged_in("support").get("/failed/").content.decode()
    assert logged_in("viewer").post("/failed/replay/", form).status_code == 403
    assert accounts_in(logged_in("viewer")) == ["acc_1"]
    assert logged_in("finance").post("/failed/ignore/", form).status_code == 302
    assert accounts_in(logged_in("viewer")) == []


@pytest.mark.parametrize(
    "form", [{"account": "1:acc_1", "reason": " "}, {"reason": REASON}, {"event": "x", "reason": "y"}]
)
def test_a_form_that_is_not_right_changes_nothing_and_keeps_what_was_typed(
    support: Client, form: dict[str, str]
) -> None:
    failing("acc_1")
    answer = support.post("/failed/replay/", form)
    page = answer.context["page"]
    assert (answer.status_code, page.typed.reason) == (422, form["reason"])
    assert 'role="alert"' in answer.content.decode()
    assert page.accounts[0].is_ticked is ("account" in form)
    assert Dirty.objects.get().parked


def test_pages_go_by_the_key_without_gap_or_repetition(support: Client) -> None:
    for number in range(60):
        failing(f"acc_{number:02}")
        event(f"evt_{number}")
    seen, url = [], "/failed/?of=accounts"
    while url:
        page = support.get(url).context["page"]
        seen += [line.account_id for line in page.accounts]
        url = page.next_href
    assert seen == [f"acc_{number:02}" for number in range(60)]
    first = page_of(support, "of=events")
    second = support.get(first.next_href).context["page"]
    assert len({line.number for line in (*first.events, *second.events)}) == 60


def test_the_queries_do_not_grow(support: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            page_of(support, "of=accounts")
        return len(caught)

    failing("acc_0")
    queries()
    few = queries()
    for number in range(1, 30):
        failing(f"acc_{number}")
    assert queries() == few <= 10


@pytest.mark.parametrize(
    "query",
    ["of=x", "of=accounts&after=x", "of=events&after=99999999999999999999", "state=%00", "of=accounts&after=Z."],
)
def test_forged_addresses_are_answered_with_a_page(support: Client, query: str) -> None:
    failing("acc_1")
    assert support.get(f"/failed/?{query}").status_code == 200


def test_what_failed_says_nothing_that_a_browser_would_run(support: Client) -> None:
    failing("<b>acc</b>", error="<script>alert(1)</script>")
    html = support.get("/failed/").content.decode()
    assert "<script>alert" not in html
    assert "<b>acc" not in html


def test_an_events_page_says_which_evaluation_saw_it(support: Client) -> None:
    one = event("evt_1", InboxStatus.ROUTED)
    now = timezone.now()
    mark_dirty(["acc_1", "acc_2"], now)
    for account in ("acc_1", "acc_2"):
        InboxMark.objects.create(event=one, account_id=account, gen=1)
    Dirty.objects.filter(account="acc_1").update(done_gen=1)
    causes = [{"kind": "event", "ref": "stripe invoice.paid evt_1", "at": now.isoformat()}]
    Recompute.objects.create(account_id="acc_1", at=now, causes=causes)
    marks = support.get(f"/events/{one.id}/").context["page"].marks
    assert [(mark.account_id, mark.word.text) for mark in marks] == [("acc_1", "Seen"), ("acc_2", "Waits")]
    assert marks[0].texts[0].endswith("just now: nothing had changed.")


def test_a_body_is_shown_to_whom_it_may_be_and_inert(logged_in: Browser) -> None:
    one = event("evt_1", InboxStatus.ROUTED, body={"name": "<img src=x onerror=alert(1)>"})
    InboxMark.objects.create(event=one, account_id="acc_1", gen=1)
    support = logged_in("support").get(f"/events/{one.id}/").content.decode()
    assert "onerror" not in support
    assert "The bodies of events are shown to finance or admin" in support
    finance = logged_in("finance").get(f"/events/{one.id}/").content.decode()
    assert "<img" not in finance
    assert "&lt;img src=x onerror=alert(1)&gt;" in finance
    assert [(look.actor, look.account_id, look.by) for look in LookUp.objects.all()] == [
        ("user:finance", "acc_1", "event")
    ]


def test_an_event_is_replayed_and_ignored_from_its_page(logged_in: Browser) -> None:
    finance, one = logged_in("finance"), event("evt_1")
    assert finance.post(f"/events/{one.id}/replay/", {"reason": ""}).status_code == 422
    answer = finance.post(f"/events/{one.id}/replay/", {"reason": REASON})
    assert (answer["Location"], Inbox.objects.get().status) == (f"/events/{one.id}/", "unrouted")
    finance.post(f"/events/{one.id}/ignore/", {"reason": "of a test customer"})
    page = finance.get(f"/events/{one.id}/").context["page"]
    assert (page.status.text, page.note, page.ignore_href) == (
        "Ignored",
        "ignored by user:finance: of a test customer",
        "",
    )


def test_an_event_that_nobody_received_is_missing(support: Client) -> None:
    assert [support.get(f"/events/{number}/").status_code for number in (1, 2**63)] == [404, 404]
