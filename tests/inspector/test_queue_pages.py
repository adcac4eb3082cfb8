"""A queue's page: what the URL asks for, working through it, putting off, saved filters, and the file."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from recon.models import AuditEntry, SavedFilter, Snooze, WorkClaim

pytestmark = pytest.mark.django_db

LOCKED_OUT = "payments/paid_after_suspension"
FLAGGED = "drift/flagged_but_paid"
Browser = Callable[[str], Client]
NONSENSE = "class=x&state=x&age=1&sort=y&claimed=all&amount=-1&currency=euro&drift=any"


def view_of(client: Client, asked: str = "") -> object:
    return client.get(f"/accounts/?{asked}").context["view"]


def ids(client: Client, asked: str = "") -> list[str]:
    return [line.account_id for line in view_of(client, asked).lines]


@pytest.fixture
def queue(keep: Callable[..., str]) -> list[str]:
    """The worst first."""
    return [keep(LOCKED_OUT, account_id="acc_b"), keep(FLAGGED, account_id="acc_a"), keep(FLAGGED, account_id="acc_c")]


def test_the_worst_is_first(support: Client, queue: list[str]) -> None:
    assert ids(support) == queue


def test_pages_follow_each_other_by_the_key_in_the_url(support: Client, queue: list[str], monkeypatch) -> None:
    monkeypatch.setattr("inspector.pages.accounts.PAGE", 2)
    first = view_of(support)
    second = support.get(first.next_href).context["view"]
    assert [line.account_id for line in (*first.lines, *second.lines)] == queue
    assert (second.next_href, second.first_href) == ("", "/accounts/")


@pytest.mark.parametrize(
    "after", ["", "x", "0~1", "9~1~2026-01-01T00:00:00+00:00~a", f"0~{10**30}~x~y", "%00", "0~0~2026-01-01~a"]
)
def test_a_key_that_is_none_begins_at_the_beginning(support: Client, queue: list[str], after: str) -> None:
    assert ids(support, f"after={after}") == queue


def test_nonsense_is_named_and_shows_nothing(support: Client, queue: list[str]) -> None:
    view = view_of(support, NONSENSE)
    assert len(view.problems) == 7
    assert view.lines == ()


@pytest.mark.parametrize("asked", ["amount=5", "amount=5.5&currency=jpy", "amount=1e9&currency=eur", "currency=%00%00"])
def test_amounts_that_mean_nothing(support: Client, queue: list[str], asked: str) -> None:
    view = view_of(support, asked)
    assert bool(view.problems) is (asked != "currency=%00%00")


def test_a_filter_that_matches_nothing_says_so(support: Client, queue: list[str]) -> None:
    html = support.get("/accounts/?currency=eur&amount=9999999999999999").content.decode()
    assert "No account matches." in html


def test_next_opens_the_worst_that_nobody_has(logged_in: Browser, queue: list[str]) -> None:
    support, finance = logged_in("support"), logged_in("finance")
    assert support.post("/queue/next/", {"queue": ""})["Location"] == "/accounts/acc_b/"
    assert finance.post("/queue/next/", {"queue": ""})["Location"] == "/accounts/acc_a/"
    assert support.get("/accounts/acc_b/").context["work"].is_mine
    assert finance.get("/accounts/acc_b/").context["work"].holder == "support"
    assert [line.holder for line in view_of(support).lines] == ["you", "finance", ""]


def test_next_on_an_account_stays_in_the_queue_that_it_was_taken_from(support: Client, queue: list[str]) -> None:
    support.post("/queue/next/", {"queue": "detail=flagged_but_paid"})
    work = support.get("/accounts/acc_b/").context["work"]
    assert work.query == "detail=flagged_but_paid"
    answer = support.post("/queue/next/", {"queue": work.query, "leaving": "acc_b"})
    assert answer["Location"] == "/accounts/acc_a/"
    assert list(WorkClaim.objects.values_list("account_id", "query")) == [("acc_a", "detail=flagged_but_paid")]


def test_an_empty_queue_says_so(support: Client, queue: list[str]) -> None:
    answer = support.post("/queue/next/", {"queue": "state=grace"}, follow=True)
    assert answer.redirect_chain == [("/accounts/?state=grace", 302)]
    assert "Nothing is left in this queue" in answer.content.decode()


def test_looking_at_it_keeps_it_in_hand(support: Client, queue: list[str]) -> None:
    support.post("/accounts/acc_a/claim/")
    earlier = timezone.now() - timedelta(minutes=20)
    WorkClaim.objects.update(touched_at=earlier)
    support.get("/accounts/acc_a/")
    assert WorkClaim.objects.get().touched_at > earlier
    support.post("/accounts/acc_a/release/")
    assert not WorkClaim.objects.exists()


def test_what_is_put_off_leaves_the_queue_and_is_woken(support: Client, queue: list[str]) -> None:
    day = (timezone.now() + timedelta(days=3)).date().isoformat()
    assert support.post("/accounts/acc_b/snooze/", {"day": day, "reason": "=promised"}).status_code == 302
    assert ids(support) == queue[1:]
    assert ids(support, "snoozed=only") == ["acc_b"]
    assert "=promised" in support.get("/accounts/acc_b/").content.decode()
    support.post("/accounts/acc_b/wake/")
    assert ids(support) == queue


@pytest.mark.parametrize("day", ["", "tomorrow", "2020-01-01", "9999-12-31", "\x00"])
def test_a_day_that_is_none_comes_back_with_the_reason(support: Client, queue: list[str], day: str) -> None:
    answer = support.post("/accounts/acc_b/snooze/", {"day": day, "reason": "promised"})
    assert (answer.status_code, answer.context["work"].typed.reason) == (422, "promised")
    assert not Snooze.objects.exists()


def test_a_filter_gets_a_name_of_ones_own(logged_in: Browser, queue: list[str]) -> None:
    support, finance = logged_in("support"), logged_in("finance")
    support.post("/queue/filters/", {"name": " Flagged ", "queue": "detail=flagged_but_paid&next=evil&sort=money"})
    [saved] = view_of(support).saved
    assert (saved.text, saved.href) == ("Flagged", "/accounts/?detail=flagged_but_paid&sort=money")
    assert view_of(finance).saved == ()
    finance.post(saved.forget_href)
    support.post(saved.forget_href)
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("form", [{"name": ""}, {"name": "x" * 61}, {"name": "x", "queue": "class=none"}])
def test_a_filter_that_is_none_is_not_saved(support: Client, form: dict) -> None:
    assert support.post("/queue/filters/", form).status_code == 302
    assert not SavedFilter.objects.exists()


def test_the_file_holds_the_same_accounts_and_leaves_entries(support: Client, queue: list[str]) -> None:
    answer = support.get("/accounts.csv?detail=paid_but_blocked")
    text = b"".join(answer.streaming_content).decode()
    assert [line.split(",")[0] for line in text.splitlines()] == ["account", "acc_b"]
    entries = AuditEntry.objects.order_by("seq").values_list("action", "actor", "after")
    asked = {"detail": "paid_but_blocked"}
    assert list(entries) == [
        ("export.begun", "user:support", {"filter": asked}),
        ("export.made", "user:support", {"filter": asked, "rows": 1, "whole": True}),
    ]


def test_a_file_that_is_broken_off_is_told_too(support: Client, queue: list[str]) -> None:
    answer = support.get("/accounts.csv")
    sent = iter(answer.streaming_content)
    next(sent), next(sent)
    for end in answer._resource_closers:  # what a server does when the other side is gone
        end()
    assert AuditEntry.objects.get(action="export.made").after == {"filter": {}, "rows": 1, "whole": False}


def test_no_cell_of_the_file_is_a_formula(support: Client, keep: Callable[..., str]) -> None:
    keep(FLAGGED, account_id="=cmd|x")
    text = b"".join(support.get("/accounts.csv").streaming_content).decode()
    assert text.splitlines()[1].startswith("'=cmd|x,")


def test_no_file_for_a_filter_that_means_nothing(support: Client) -> None:
    assert support.get(f"/accounts.csv?{NONSENSE}").status_code == 400


def test_a_viewer_is_told_who_works_through_queues(logged_in: Browser, queue: list[str]) -> None:
    html = logged_in("viewer").get("/accounts/").content.decode()
    assert "Queues are worked through by support, finance or admin." in html
    assert "Save as CSV" not in html
