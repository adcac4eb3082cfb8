"""The account's page in a browser: a cell opens in place and its evidence leads on, and a re-read keeps the focus."""

import re
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn


def open_cell(page: Page) -> None:
    """Of the row "Plan is active", the one store that keeps it."""
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Plan is active"))
    row.get_by_role("link").click()


@pytest.mark.parametrize("script", [True, False])
def test_cell_opens_and_its_evidence_leads_to_the_fact(sign_in: SignIn, account: str, script: bool) -> None:
    page = sign_in("support", script=script)
    page.goto(urljoin(page.url, f"/accounts/{account}/"))
    if script:
        page.evaluate("window.stays = true")
    open_cell(page)
    expect(page.get_by_text("cf_prod says no; the truth is yes.")).to_be_visible()
    assert "cell=cf_prod.entitlements.plan_active" in page.url
    if script:
        assert page.evaluate("window.stays"), "the page was left"
        expect(page.get_by_role("heading", name="cf_prod.entitlements.plan_active")).to_be_focused()
    page.get_by_role("link", name="stripe.subscriptions[sub_1]").first.click()
    expect(page.locator(":target")).to_have_text("sub_1")
    page.get_by_role("link", name="Close").click()
    expect(page.get_by_text("cf_prod says no; the truth is yes.")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 720, 360])
def test_opened_cell_is_not_wider_than_its_window(sign_in: SignIn, account: str, width: int) -> None:
    page = sign_in("support", width=width)
    page.goto(urljoin(page.url, f"/accounts/{account}/?cell=stripe.customers.metadata.debt_state&facts=all"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_reread_keeps_the_focus_and_the_switch(sign_in: SignIn, account: str, stores_clean: None) -> None:
    page = sign_in("support")
    page.goto(urljoin(page.url, f"/accounts/{account}/?only=differences"))
    again = page.get_by_role("button", name="Re-read")
    before = page.locator(".verdict-computed").inner_text()
    again.click()
    expect(page.locator(".verdict-computed")).not_to_have_text(re.compile(re.escape(before)), timeout=30_000)
    expect(again).to_be_focused()
