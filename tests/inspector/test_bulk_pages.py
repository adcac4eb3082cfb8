"""The pages of bulk repairs: from a list to a draft, start, second person, steering, outcomes and their file."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from recon.models import BulkRepair, BulkRepairItem

Keep = Callable[..., str]
Browser = Callable[[str], Client]
LENIENT, SEVERE = "payments/paid_after_suspension", "drift/never_dunned"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def kept(keep: Keep) -> Callable[..., None]:
    """`kept(26, severe=1)`: so many lenient accounts, and so many severe ones."""

    def accounts(lenient: int, severe: int = 0) -> None:
        for number in range(lenient + severe):
            keep(LENIENT if number < lenient else SEVERE, account_id=f"acc_{number:04}")

    return accounts


def begin(client: Client, **form: Any) -> HttpResponse:
    return client.post("/bulk/begin/", {"of": "all", "query": "", "request_key": "k", **form})


def drafted(client: Client, **form: Any) -> BulkRepair:
    answer = begin(client, **form)
    assert answer.status_code == 303, answer.content.decode()
    run = BulkRepair.objects.latest("id")
    assert answer.headers["Location"] == f"/bulk/{run.id}/"
    return run


def steer(client: Client, run: BulkRepair, deed: str, reason: str = "I looked") -> int:
    status = client.post(f"/bulk/{run.id}/{deed}/", {"reason": reason}).status_code
    run.refresh_from_db()
    return status


def page_of(client: Client, run: BulkRepair, query: str = "") -> Any:
    answer = client.get(f"/bulk/{run.id}/{query}")
    assert answer.status_code == 200
    return answer.context["page"]


def buttons(page: Any) -> dict[str, bool]:
    """Deed → whether the reader may."""
    return {button.deed: not button.why_not for button in page.buttons}


def test_all_that_match_the_filter_become_a_draft_with_its_preview(logged_in: Browser, kept) -> None:
    kept(3, severe=1)
    run = drafted(logged_in("finance"), query="class=bad_debt_drift")
    page = page_of(logged_in("finance"), run)
    assert (page.word.code, page.chosen_href) == ("drafted", "/accounts/?class=bad_debt_drift")
    totals = dict(page.totals)
    assert totals["Risk"][0].endswith("lenient")
    assert len(page.sample) == run.accounts == len(page.lines)
    assert buttons(page) == {"start": True, "cancel": True}


def test_what_was_chosen_is_said_in_words(logged_in: Browser, kept) -> None:
    kept(3)
    run = drafted(logged_in("finance"), query="detail=paid_but_blocked&state=clear")
    assert page_of(logged_in("finance"), run).chosen == "all that matched state: Clear, detail: Wrongly locked out"


def test_ticked_rows_become_a_draft_of_these(logged_in: Browser, kept) -> None:
    kept(3)
    run = drafted(logged_in("support"), of="ticked", account=["acc_0000", "acc_0002"])
    assert [line.account_id for line in page_of(logged_in("support"), run).lines] == ["acc_0000", "acc_0002"]


def test_list_of_accounts_offers_both(logged_in: Browser, kept) -> None:
    kept(1)
    text = logged_in("support").get("/accounts/").content.decode()
    assert 'name="account" value="acc_0000" form="bulk-begin" data-tick' in text
    assert 'name="of" value="all"' in text
    assert "disabled" in logged_in("viewer").get("/accounts/").content.decode()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"query": "state=past_due"}, "nothing was started"),
        ({"query": "class=nonsense"}, "nothing was started"),
        ({"of": "ticked"}, "Tick at least one account"),
        ({"of": "ticked", "account": ["acc_\x00"]}, "nothing was started"),
        ({"of": "moved", "moved_of": "x"}, "Tick at least one account"),
    ],
)
def test_selection_that_holds_nothing_starts_nothing(logged_in: Browser, kept, form, said: str) -> None:
    kept(1)
    answer = begin(logged_in("finance"), **form)
    assert (answer.status_code, BulkRepair.objects.count()) == (422, 0)
    assert said.lower() in answer.context["page"].problem.lower()


def test_selection_over_the_cap_is_refused_whole(logged_in: Browser, kept, settings) -> None:
    settings.BULK_MOST_ACCOUNTS = 1
    kept(2)
    answer = begin(logged_in("finance"))
    assert (answer.status_code, BulkRepair.objects.count()) == (422, 0)
    assert "narrow it" in answer.content.decode()


def test_form_that_is_sent_twice_begins_one(logged_in: Browser, kept) -> None:
    kept(1)
    assert drafted(logged_in("finance")).id == drafted(logged_in("finance")).id


def test_severe_run_waits_for_a_second_person_who_is_not_its_starter(logged_in: Browser, kept) -> None:
    kept(0, severe=1)
    run = drafted(logged_in("finance"))
    assert (steer(logged_in("finance"), run, "start"), run.state) == (303, "waiting_for_second")
    page = page_of(logged_in("finance"), run)
    assert buttons(page) == {"approve": False, "cancel": True}
    assert page.buttons[0].why_not.startswith("You started it")
    assert (steer(logged_in("finance"), run, "approve"), run.state) == (403, "waiting_for_second")
    assert (steer(logged_in("support"), run, "approve"), run.state) == (403, "waiting_for_second")
    assert (steer(logged_in("admin"), run, "approve"), run.state) == (303, "running")
    assert "approved by admin" in page_of(logged_in("finance"), run).by


def test_support_sees_why_a_large_one_is_not_theirs_to_start(logged_in: Browser, kept) -> None:
    kept(26)
    run = drafted(logged_in("support"))
    page = page_of(logged_in("support"), run)
    assert buttons(page) == {"start": False, "cancel": True}
    assert "more than 25 accounts" in page.buttons[0].why_not
    assert (steer(logged_in("support"), run, "start"), run.state) == (403, "drafted")


@pytest.mark.parametrize("deed", ["start", "cancel"])
def test_nothing_is_done_without_a_reason(logged_in: Browser, kept, deed: str) -> None:
    kept(1)
    run = drafted(logged_in("finance"))
    assert (steer(logged_in("finance"), run, deed, reason=" "), run.state) == (422, "drafted")


def test_running_one_polls_and_is_paused_and_goes_on(logged_in: Browser, kept) -> None:
    kept(2)
    client = logged_in("finance")
    run = drafted(client)
    steer(client, run, "start")
    answer = client.get(f"/bulk/{run.id}/")
    page = answer.context["page"]
    assert f'hx-get="/bulk/{run.id}/?seen={page.seen}" hx-trigger="every 1s"' in answer.content.decode()
    assert client.get(page.poll_href, headers=HTMX).status_code == 204
    assert (steer(client, run, "pause", "wait"), run.state) == (303, "paused")
    assert "Paused by finance: wait" in page_of(client, run).sentence
    assert (steer(client, run, "resume"), run.state) == (303, "running")
    assert (steer(client, run, "cancel"), run.state) == (303, "cancelled")
    assert (steer(client, run, "resume"), run.state) == (409, "cancelled")


@pytest.mark.parametrize("path", ["/bulk/1/nonsense/", "/bulk/99999999999999999999/pause/"])
def test_what_does_not_exist_is_not_found(logged_in: Browser, kept, path: str) -> None:
    assert logged_in("finance").post(path, {"reason": "x"}).status_code == 404


def test_every_outcome_is_counted_listed_and_in_the_file(logged_in: Browser, kept) -> None:
    kept(3)
    client = logged_in("finance")
    run = drafted(client)
    items = BulkRepairItem.objects.order_by("id")
    for item, outcome in zip(items, ["applied", "refused_moved", "failed"], strict=True):
        BulkRepairItem.objects.filter(id=item.id).update(
            outcome=outcome, explanation="=1+1", done_at=timezone.now(), lease_until=None
        )
    BulkRepair.objects.update(state="done", reason="x", done=3, problems=1, began_at=timezone.now())
    page = page_of(client, run)
    assert {count.word.code: count.number for count in page.counts} == {
        "applied": "1",
        "refused_moved": "1",
        "failed": "1",
    }
    assert [segment.code for segment in page.bar] == ["applied", "refused_moved", "failed"]
    assert page.again_href == "/bulk/begin/"
    assert [line.account_id for line in page_of(client, run, "?outcome=failed").lines] == ["acc_0002"]
    rows = b"".join(client.get(f"/bulk/{run.id}/outcomes.csv").streaming_content).decode().splitlines()
    assert rows[0] == "position,account,outcome,explanation,repair,done_at,digest"
    assert rows[1].startswith("1,acc_0000,applied,'=1+1,")
    assert len(rows) == 4
    again = drafted(client, of="moved", moved_of=str(run.id), request_key="m")
    assert [line.account_id for line in page_of(client, again).lines] == ["acc_0001"]


def test_outcomes_are_paged(logged_in: Browser, kept) -> None:
    kept(52)
    client = logged_in("finance")
    page = page_of(client, drafted(client))
    assert len(page.lines) == 50
    rest = client.get(page.next_href).context["page"]
    assert (len(rest.lines), rest.next_href) == (2, "")


@pytest.mark.parametrize("state", ["drafted", "waiting_for_second", "running", "paused", "done", "cancelled"])
def test_every_state_renders_as_page_and_as_fragment(logged_in: Browser, kept, state: str) -> None:
    kept(7)
    client = logged_in("finance")
    run = drafted(client)
    BulkRepair.objects.update(state=state, reason="because", began_at=timezone.now())
    assert "<html" in client.get(f"/bulk/{run.id}/").content.decode()
    assert "<html" not in client.get(f"/bulk/{run.id}/", headers=HTMX).content.decode()
    assert f'href="/bulk/{run.id}/"' in client.get("/bulk/").content.decode()


def test_following_a_run_asks_few_queries(logged_in: Browser, kept, django_assert_max_num_queries) -> None:
    kept(3)
    client = logged_in("finance")
    run = drafted(client)
    steer(client, run, "start")
    with django_assert_max_num_queries(9):
        client.get(f"/bulk/{run.id}/", headers=HTMX)
