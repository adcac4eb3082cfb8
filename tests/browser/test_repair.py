"""The journey that the page is for: look a customer up, approve, see every store agree, find it in the audit."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from recon.actions.look_again import look_again
from recon.models import Apply
from recon.tasks.carry_out import carry_out
from tests.browser.conftest import SignIn
from tests.support.applying import wrong_everywhere
from tests.support.stores import Connect
from tests.support.twin import TwinUnderTest

EMAIL = "ada@example.com"


@pytest.fixture
def account(transactional_db: None, load_case: Callable[[dict], None], twin: TwinUnderTest, settings: Any) -> str:
    """A paying customer whom all six real stores hold for bad debt."""
    settings.POLICY = {"plans": {"price_pro": "pro"}}
    case = wrong_everywhere()
    case["stores"]["subs_customer"]["customers"][0]["email"] = EMAIL
    load_case(case)
    twin.load_case(case)
    look_again("acc_1", actor="task:sweep")
    return "acc_1"


def work() -> None:
    """What a worker does when it comes."""
    carry_out(str(Apply.objects.latest("created_at").id))


def open_account(page: Page, account: str) -> Page:
    page.goto(urljoin(page.url, f"/accounts/{account}/"))
    return page


def approve(page: Page, reason: str) -> None:
    page.get_by_label("Reason, for the audit").last.fill(reason)
    page.get_by_role("button", name="Approve and apply").click()


def expect_applied(page: Page) -> None:
    expect(page.get_by_text("Every store committed what was approved")).to_be_visible()
    expect(page.locator(".repair-write.is-held")).to_have_count(page.locator(".repair-write").count())


@pytest.mark.parametrize("script", [True, False])
def test_support_repairs_an_account_and_finds_it_in_the_audit(sign_in: SignIn, account: str, script: bool) -> None:
    page = sign_in("support", script=script)
    page.get_by_role("searchbox").fill(EMAIL)
    page.get_by_role("button", name="Search").click()
    approve(page, "paid by wire, ticket 7")
    expect(page.get_by_text("waiting for a worker")).to_be_visible()
    work()
    expect_applied(page)
    page.get_by_role("link", name="Its entries in the audit").click()
    expect(page.get_by_text("paid by wire, ticket 7").first).to_be_visible()


def test_the_same_by_keyboard_alone(sign_in: SignIn, account: str) -> None:
    page = sign_in("support")
    page.keyboard.press("/")
    page.keyboard.type(EMAIL)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=account)).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.type("paid by wire")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("waiting for a worker")).to_be_visible()
    work()
    expect_applied(page)
    tab_to(page, "Its entries in the audit")
    page.keyboard.press("Enter")
    expect(page.get_by_text("paid by wire").first).to_be_visible()


def tab_to(page: Page, text: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('main') ? document.activeElement.textContent : ''") == text:
            return
    raise AssertionError(f"no {text} within 40 presses of Tab")


def test_double_click_and_reload_apply_once(sign_in: SignIn, account: str) -> None:
    page = open_account(sign_in("support"), account)
    page.get_by_label("Reason, for the audit").last.fill("paid by wire")
    page.get_by_role("button", name="Approve and apply").dblclick()
    page.wait_for_url("**/repairs/*/")
    work()
    expect_applied(page)
    page.reload()
    expect_applied(page)
    assert Apply.objects.count() == 1


def test_of_two_tabs_one_applies_and_one_is_told(sign_in: SignIn, account: str) -> None:
    first, second = (open_account(sign_in("support"), account) for _ in range(2))
    approve(first, "from the first tab")
    approve(second, "from the second tab")
    expect(second.get_by_role("heading", name="Another repair of this account is under way")).to_be_visible()
    expect(second.get_by_text("from the second tab")).to_be_visible()
    work()
    expect(second.get_by_text("Every store committed what was approved")).to_be_visible()
    assert Apply.objects.count() == 1


def test_of_two_approvers_the_later_sees_the_plan_as_it_is_now(sign_in: SignIn, account: str) -> None:
    support, finance = (open_account(sign_in(role), account) for role in ("support", "finance"))
    approve(support, "paid by wire")
    work()
    expect_applied(support)
    approve(finance, "I saw it too")
    expect(finance.get_by_role("heading", name="The world moved")).to_be_visible()
    assert Apply.objects.count() == 1


def test_plan_that_went_stale_is_shown_and_asked_again(sign_in: SignIn, account: str, owner: Connect) -> None:
    page = open_account(sign_in("support"), account)
    owner("cf_prod").execute("DELETE FROM blocks WHERE reason = 'billing_debt'")
    approve(page, "paid by wire")
    work()
    expect(page.get_by_role("cell", name="no longer needed")).to_be_visible()
    expect(page.get_by_label("Reason, for the audit")).to_have_value("paid by wire")
    page.get_by_role("button", name="Approve and apply the new plan").click()
    work()
    expect_applied(page)


def test_finance_voids_an_invoice_by_typing_its_id(sign_in: SignIn, account: str, twin: TwinUnderTest) -> None:
    page = open_account(sign_in("finance"), account)
    card = page.locator(".proposal")
    expect(card.get_by_text("Final: a void invoice can never be opened again.")).to_be_visible()
    card.get_by_label("It cannot be taken back").fill("in_1")
    card.get_by_label("Reason, for the audit").fill("billed twice")
    card.get_by_role("button", name="Void the invoice").click()
    work()
    expect(page.get_by_text("Stripe was told: Void the invoice in_1")).to_be_visible()
    assert twin.object("invoice", "in_1")["status"] == "void"


def test_support_sees_the_proposal_and_may_not_press_it(sign_in: SignIn, account: str) -> None:
    page = open_account(sign_in("support"), account)
    expect(page.get_by_role("button", name="Void the invoice")).to_be_disabled()
    expect(page.get_by_text("A proposal to Stripe is approved by finance or admin")).to_be_visible()
