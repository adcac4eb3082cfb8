"""Cases are decided from forms on the account's page, listed from the longest standing on, and given out as a file."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from recon.actions.count_queues import count_queues
from recon.models import AccountState, CaseDecision

pytestmark = pytest.mark.django_db

Browser = Callable[[str], Client]
Keep = Callable[..., str]
CONFLICT = "conflicts/minimum_of_both"
SOON = f"{timezone.now() + timedelta(days=9):%Y-%m-%d}"


@pytest.fixture
def finance(logged_in: Browser) -> Client:
    return logged_in("finance")


def cards(client: Client, account: str) -> dict[str, Any]:
    page = client.get(f"/accounts/{account}/").context["page"]
    return {card.form.finding: card for card in page.cases.cards}


def decide(client: Client, account: str, finding: str, choice: str, **typed: str) -> Any:
    form = cards(client, account)[finding].form
    sent = {"finding": finding, "seal": form.seal, "request_key": form.request_key, "choice": choice}
    return client.post(f"/accounts/{account}/decide/", {**sent, "reason": "called the bank", **typed})


def listed(client: Client, query: str = "") -> Any:
    answer = client.get(f"/cases/?{query}")
    assert answer.status_code == 200
    return answer.context["page"]


def test_both_sides_of_a_conflict_stand_beside_each_other(finance: Client, keep: Keep) -> None:
    card = cards(finance, keep(CONFLICT))["fact_conflict"]
    assert [(side.store, side.owed, side.invoice.text, side.status) for side in card.sides] == [
        ("The ledger", "12.00 USD", "inv_1", "issued"),
        ("Stripe", "20.00 USD", "in_1", "open"),
    ]
    assert [choice.value for choice in card.form.own] == ["store_is_right:billing_prod", "store_is_right:stripe"]


def test_what_was_decided_stands_with_its_case(finance: Client, keep: Keep) -> None:
    account = keep(CONFLICT)
    answer = decide(finance, account, "fact_conflict", "store_is_right:billing_prod")
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/{account}/#cases")
    card = cards(finance, account)["fact_conflict"]
    [decision] = card.decisions
    assert (decision.what, decision.owner, decision.by) == ("The ledger is right", "Stripe's owner", "finance")
    assert decision.call == "stripe credit_notes create -d invoice=in_1 -d amount=800"
    assert card.form.summary == "Decide anew"
    assert "Decided on a case" in finance.get(f"/accounts/{account}/").content.decode()


def test_support_sees_why_a_choice_is_not_for_it(support: Client, keep: Keep) -> None:
    form = cards(support, keep(CONFLICT))["fact_conflict"].form
    assert form.own[0].why_not.endswith("finance or admin. You are in: support.")
    assert form.accept.why_not
    assert not form.hand_over.why_not


def test_a_viewer_decides_nothing(logged_in: Browser, keep: Keep) -> None:
    account = keep(CONFLICT)
    assert cards(logged_in("viewer"), account)["drift"].form.why_not
    assert decide(logged_in("viewer"), account, "drift", "accept").status_code == 403


def test_what_is_not_right_comes_back_with_its_words(finance: Client, keep: Keep) -> None:
    answer = decide(finance, keep(CONFLICT), "fact_conflict", "accept", until="tomorrow")
    form = answer.context["page"].cases.cards[0].form
    assert (answer.status_code, form.typed.reason, form.is_opened) == (422, "called the bank", True)
    assert form.typed.error == "Choose the day on which it comes back, as 2026-03-01."
    assert form.accept.is_chosen


def test_a_case_that_moved_meanwhile_is_told_as_it_is_now(finance: Client, keep: Keep) -> None:
    answer = decide(finance, keep(CONFLICT), "fact_conflict", "store_is_right:stripe", seal="0" * 64)
    assert (answer.status_code, CaseDecision.objects.count()) == (409, 0)
    assert answer.context["page"].cases.problem.startswith("It is another one now, so nothing was decided.")


def test_what_is_accepted_says_so_and_is_ended_there(finance: Client, keep: Keep) -> None:
    account = keep("payments/paid_after_suspension")
    decide(finance, account, "drift", "accept", until=SOON)
    answer = finance.get(f"/accounts/{account}/")
    assert answer.context["page"].cases.accepted.until == SOON
    assert answer.context["foot"].form.why_not == (
        f"The difference is accepted until {SOON} by finance: “called the bank”. End the acceptance first."
    )
    number = CaseDecision.objects.get().id
    assert finance.post(f"/cases/{number}/end/", {"reason": ""}).status_code == 302
    assert CaseDecision.objects.get().ended_at is None
    finance.post(f"/cases/{number}/end/", {"reason": "it was paid"})
    page = finance.get(f"/accounts/{account}/").context["page"]
    assert page.cases.accepted is None
    assert page.cases.past[0].ended.endswith("by finance: it was paid")


def test_open_cases_stand_in_the_order_in_which_they_were_found(finance: Client, keep: Keep) -> None:
    for number, days in ((1, 0), (2, 9), (3, 4)):
        account = keep(CONFLICT, account_id=f"acc_{number}")
        since = (timezone.now() - timedelta(days=days)).isoformat()
        standing = {"fact_conflict": {"since": since, "opened": False}}
        AccountState.objects.filter(account_id=account).update(standing=standing)
    keep("plans/duplicate_subscriptions", account_id="acc_4")
    page = listed(finance, "finding=fact_conflict")
    assert [(line.account_id, line.since, line.is_new) for line in page.lines] == [
        ("acc_2", "9 days", False),
        ("acc_3", "4 days", False),
        ("acc_1", "0 s", True),
    ]
    assert page.lines[0].texts == ("The ledger says 12.00 USD is owed, Stripe says 20.00 USD.",)
    assert {line.account_id for line in listed(finance).lines} == {"acc_1", "acc_2", "acc_3", "acc_4"}
    decide(finance, "acc_2", "fact_conflict", "store_is_right:stripe")
    assert [line.account_id for line in listed(finance, "finding=fact_conflict").lines] == ["acc_3", "acc_1"]


def test_pages_follow_each_other_by_their_key(finance: Client, keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.pages.cases.PAGE", 2)
    accounts = [keep(CONFLICT, account_id=f"acc_{number}") for number in range(3)]
    first = listed(finance)
    second = finance.get(first.next_href).context["page"]
    assert [line.account_id for page in (first, second) for line in page.lines] == accounts
    assert (second.next_href, second.first_href) == ("", "/cases/")
    for account in accounts:
        decide(finance, account, "fact_conflict", "store_is_right:stripe")
    waiting = listed(finance, "part=waiting")
    second = finance.get(waiting.next_href).context["page"]
    assert [one.account_id for page in (waiting, second) for one in page.decisions] == accounts


def test_decisions_wait_for_their_owner_and_can_be_filtered(finance: Client, keep: Keep) -> None:
    account = keep(CONFLICT)
    decide(finance, account, "fact_conflict", "store_is_right:stripe")
    decide(finance, account, "drift", "accept", until=SOON)
    CaseDecision.objects.update(at=timezone.now() - timedelta(days=3))
    [one] = listed(finance, "part=waiting").decisions
    assert (one.what, one.owner, one.waits) == ("Stripe is right", "the ledger's owner (billing_prod)", "3 days")
    assert listed(finance, "part=waiting&owner=stripe").empty == "Nothing here matches."
    assert [one.what for one in listed(finance, "part=accepted").decisions] == [f"Accepted until {SOON}"]
    assert [tab.number for tab in listed(finance).tabs] == ["", "1", "1", ""]
    count_queues(now=timezone.now())
    assert listed(finance).tabs[0].number == "0"
    assert listed(finance, "part=over").empty == "No decision is over yet."


@pytest.mark.parametrize("query", ["part=x&finding=y", "after=~~", "after=%00~identity~a", "part=over&after=-1"])
def test_an_address_that_means_nothing_is_the_whole_list(finance: Client, query: str) -> None:
    assert listed(finance, query).empty


def test_the_file_holds_what_is_to_be_handed_over_and_no_formula(finance: Client, keep: Keep) -> None:
    account = keep("conflicts/drafts_behind_unpaid")
    decide(finance, account, "draft_backlog", "hand_over", owner="stripe", reference="=1+1", reason="-see it")
    lines = b"".join(finance.get("/cases.csv").streaming_content).decode().splitlines()
    assert lines[0].startswith("decision,account,finding,says,refs,decided,owner,since,days,to_do,call,reference")
    assert ",hand_over,stripe," in lines[1]
    assert ",'=1+1,'-see it,user:finance," in lines[1]
