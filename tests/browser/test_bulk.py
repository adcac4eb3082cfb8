"""Many accounts repaired under one reason: finance starts, somebody else approves, both follow it to its end."""

from typing import Any
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from recon.actions.drive_bulk_repairs import drive_bulk_repairs
from recon.actions.look_again import look_again
from recon.models import Apply, BulkRepair
from tests.browser.conftest import SignIn
from tests.support.applying import wrong_everywhere
from tests.support.bulk import work
from tests.support.load import load_rows
from tests.support.stores import Connect
from tests.support.twin import TwinUnderTest

ACCOUNTS = 7


@pytest.fixture
def account(transactional_db: None, stores_clean: None, owner: Connect, twin: TwinUnderTest, settings: Any) -> str:
    """Paying customers whom all six real stores hold for bad debt; the first of them."""
    settings.POLICY = {"plans": {"price_pro": "pro"}}
    for number in range(1, ACCOUNTS + 1):
        case = wrong_everywhere(f"acc_{number}", number)
        load_rows(case, owner)
        twin.load_case(case)
        look_again(f"acc_{number}", actor="task:sweep")
    return "acc_1"


def work_once() -> None:
    """What the schedule and the workers do when they come."""
    drive_bulk_repairs(now=timezone.now())
    work()


def give_reason(page: Page, reason: str, button: str) -> None:
    page.get_by_label("Reason, for the audit").fill(reason)
    page.get_by_role("button", name=button).click()


def make_severe() -> None:
    """As if one of its plans took something away."""
    run = BulkRepair.objects.get()
    BulkRepair.objects.update(totals={**run.totals, "risks": {"lenient": ACCOUNTS - 1, "severe": 1}})


@pytest.mark.parametrize("script", [True, False])
def test_one_starts_another_approves_and_every_account_has_its_outcome(
    sign_in: SignIn, account: str, script: bool
) -> None:
    finance, admin = sign_in("finance", script=script), sign_in("admin")
    finance.get_by_role("link", name="Accounts", exact=True).click()
    finance.get_by_role("button", name=f"Repair all {ACCOUNTS} that match").click()
    expect(finance.get_by_role("heading", name="A random sample to read")).to_be_visible()
    make_severe()
    finance.reload()
    give_reason(finance, "late webhooks, ticket 7", "Ask for a second person")
    expect(finance.get_by_role("button", name="Approve and start")).to_be_disabled()
    admin.goto(finance.url)
    give_reason(admin, "I read ten of them", "Approve and start")
    for _ in range(3):
        work_once()
    for page in (finance, admin):
        expect(page.get_by_text("Every account has its outcome.")).to_be_visible()
        expect(page.get_by_role("cell", name="Applied")).to_have_count(ACCOUNTS)
    assert sorted(Apply.objects.values_list("account_id", "approved_by", "state")) == [
        (f"acc_{number}", "user:finance", "done") for number in range(1, ACCOUNTS + 1)
    ]


def test_ticked_rows_are_repaired_paused_and_go_on(sign_in: SignIn, account: str) -> None:
    page = sign_in("support")
    page.goto(urljoin(page.url, "/accounts/"))
    for number in (1, 2):
        page.get_by_label(f"Tick acc_{number}", exact=True).check()
    page.get_by_role("button", name="Repair what is ticked").click()
    give_reason(page, "ticket 7", "Start the repair")
    give_reason(page, "wait for finance", "Pause")
    expect(page.get_by_text("Paused by support: wait for finance")).to_be_visible()
    work_once()
    assert Apply.objects.count() == 0
    give_reason(page, "finance agrees", "Let it go on")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    work_once()
    work_once()
    expect(page.get_by_role("cell", name="Applied")).to_have_count(2)
