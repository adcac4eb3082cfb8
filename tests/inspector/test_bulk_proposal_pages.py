"""The pages of runs of Stripe proposals: from a queue or another run to a draft, its preview, start and outcomes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from inspector.display.proposals import EFFECTS
from inspector.display.words import VERBS
from recon.engine.proposals import is_final
from recon.models import BulkRepair, BulkRepairItem, StripePace

Keep = Callable[..., str]
Browser = Callable[[str], Client]
VOID, WRITE_OFF = "proposals/void_in_stripe", "proposals/mark_uncollectible"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def kept(keep: Keep) -> None:
    """Two accounts with an invoice to void in Stripe, one with one to mark uncollectible, one without a proposal."""
    for number, name in enumerate((VOID, VOID, WRITE_OFF, "payments/paid_after_suspension")):
        keep(name, account_id=f"acc_{number}")


def begin(client: Client, **form: Any) -> HttpResponse:
    return client.post("/bulk/proposals/begin/", {"of": "waiting", "request_key": "k", **form})


def drafted(client: Client, **form: Any) -> BulkRepair:
    answer = begin(client, **form)
    assert answer.status_code == 303, answer.content.decode()
    return BulkRepair.objects.latest("id")


def page_of(client: Client, run: BulkRepair) -> Any:
    return client.get(f"/bulk/{run.id}/").context["page"]


def test_page_and_action_agree_on_what_is_final() -> None:
    assert {verb: effect.is_final for verb, effect in EFFECTS.items()} == {verb: is_final(verb) for verb in VERBS}


def test_preview_says_what_stripe_will_do_and_that_it_is_final(logged_in: Browser, kept: None) -> None:
    page = page_of(logged_in("finance"), drafted(logged_in("finance")))
    assert [(one.number, one.what, one.is_final) for one in page.verbs] == [
        ("2", "Void the invoice", True),
        ("1", "Mark the invoice uncollectible", False),
    ]
    assert (page.title.endswith("3 proposals"), page.final, len(page.sample)) == (True, "2", 3)
    assert [button.text for button in page.buttons if button.deed == "start"] == ["Ask for a second person"]


@pytest.mark.parametrize(
    ("form", "proposals"),
    [
        ({"verb": "invoices.void_invoice"}, 2),
        ({"of": "ticked", "account": ["acc_2", "acc_3"]}, 1),
    ],
)
def test_run_holds_what_was_asked_for(logged_in: Browser, kept: None, form: dict, proposals: int) -> None:
    assert drafted(logged_in("finance"), **form).accounts == proposals


def test_more_proposals_than_a_run_may_hold_start_nothing(logged_in: Browser, kept: None, settings: Any) -> None:
    settings.BULK_MOST_ACCOUNTS = 2
    answer = begin(logged_in("finance"))
    assert (answer.status_code, BulkRepair.objects.count()) == (422, 0)
    assert "nothing was started; narrow it" in answer.context["page"].problem


def test_starter_types_the_number_and_another_of_finance_or_admin_approves(logged_in: Browser, kept: None) -> None:
    run = drafted(logged_in("finance"))

    def post(role: str, deed: str, **form: str) -> tuple[int, str]:
        status = logged_in(role).post(f"/bulk/{run.id}/{deed}/", {"reason": "I looked", **form}).status_code
        run.refresh_from_db()
        return status, run.state

    assert post("finance", "start") == (422, "drafted")
    assert post("admin", "start", final="2") == (403, "drafted")
    assert post("finance", "start", final="2") == (303, "waiting_for_second")
    assert post("finance", "approve") == (403, "waiting_for_second")
    assert post("support", "approve") == (403, "waiting_for_second")
    assert post("admin", "approve") == (303, "running")


def test_support_sees_them_and_drafts_none(logged_in: Browser, kept: None) -> None:
    assert begin(logged_in("support")).status_code == 403
    page = logged_in("support").get("/bulk/").context["page"]
    assert [(one.what, one.number, one.accounts) for one in page.waiting] == [
        ("Mark the invoice uncollectible", "1", "1 account"),
        ("Void the invoice", "2", "2 accounts"),
    ]
    assert "finance or admin" in page.propose_why_not


def test_queue_offers_the_proposals_of_its_accounts(logged_in: Browser, kept: None) -> None:
    text = logged_in("finance").get("/accounts/").content.decode()
    assert text.count('formaction="/bulk/proposals/begin/"') == 2


def test_list_that_changed_while_one_read_is_said_to_have(logged_in: Browser, kept: None) -> None:
    client = logged_in("finance")
    client.post("/bulk/begin/", {"of": "all", "query": "", "shown": "7", "request_key": "s"})
    page = page_of(client, BulkRepair.objects.latest("id"))
    assert "The list said 7 accounts; " in page.left_out


def test_finished_repair_offers_a_run_of_what_is_left_for_stripe(logged_in: Browser, kept: None) -> None:
    client = logged_in("finance")
    client.post("/bulk/begin/", {"of": "ticked", "account": [f"acc_{n}" for n in range(4)], "request_key": "r"})
    repair = BulkRepair.objects.latest("id")
    BulkRepair.objects.update(state="done", reason="x")
    told = page_of(client, repair).still
    assert ("still ha" in told, page_of(logged_in("support"), repair).still) == (True, "")
    of_run = drafted(client, of="run", run=str(repair.id))
    assert of_run.selection == {"of_run": repair.id}


def test_every_outcome_stands_with_stripes_answer_and_moved_ones_are_offered_again(
    logged_in: Browser, kept: None
) -> None:
    client = logged_in("finance")
    run = drafted(client, verb="invoices.void_invoice")
    BulkRepairItem.objects.update(outcome="refused_moved", done_at=timezone.now())
    BulkRepair.objects.update(state="done", reason="x", done=2, began_at=timezone.now())
    rows = b"".join(client.get(f"/bulk/{run.id}/outcomes.csv").streaming_content).decode().splitlines()
    assert rows[0].endswith(",digest,proposal,http_status,stripe_code")
    assert rows[1].endswith(",invoices.void_invoice:in_1,,")
    assert page_of(client, run).again_href == "/bulk/proposals/begin/"
    again = drafted(client, of="moved", moved_of=str(run.id), request_key="m")
    assert (again.accounts, again.selection) == (2, {"moved_of": run.id, "verb": "invoices.void_invoice"})


@pytest.mark.parametrize("state", ["drafted", "waiting_for_second", "running", "paused", "done", "cancelled"])
def test_every_state_renders_as_page_and_as_fragment(logged_in: Browser, kept: None, state: str) -> None:
    client = logged_in("finance")
    run = drafted(client)
    BulkRepair.objects.update(state=state, reason="because", began_at=timezone.now())
    StripePace.objects.create(name="bulk", next_at=timezone.now(), halvings=2, slowed_at=timezone.now())
    page = client.get(f"/bulk/{run.id}/").content.decode()
    assert ("<html" in page, "a quarter of its pace" in page) == (True, state == "running")
    assert "<html" not in client.get(f"/bulk/{run.id}/", headers=HTMX).content.decode()
