"""A person decides without script what a machine may not decide, and what the stores then say closes it."""

from datetime import datetime, timedelta
from urllib.parse import urljoin

from playwright.sync_api import expect

from tests.browser.conftest import SignIn
from tests.support.kept import golden, keep_case

TWICE = "plans/duplicate_subscriptions"


def test_case_is_decided_handed_over_and_closed_by_the_stores(sign_in: SignIn) -> None:
    case = golden(TWICE)
    keep_case(case, account_id="acc_twice")
    page = sign_in("finance", script=False)
    page.goto(urljoin(page.url, "/cases/"))
    page.get_by_role("link", name="acc_twice").click()

    page.locator(".case-decide summary").first.click()
    page.get_by_label("sub_2 stays").check()
    page.locator(".case-form [name=reason]").first.fill("The customer wrote that they use the second one")
    page.get_by_role("button", name="Decide").first.click()

    told = page.get_by_role("textbox", name="For Stripe's owner")
    expect(told).to_have_value("Account acc_twice keeps subscription sub_2: please cancel sub_1 in Stripe.")
    expect(page.get_by_label("For Stripe's client")).to_have_value("stripe subscriptions cancel sub_1")

    page.goto(urljoin(page.url, "/cases/?part=waiting"))
    expect(page.locator("tbody tr")).to_have_count(1)
    case["now"] = (datetime.fromisoformat(case["now"]) + timedelta(hours=1)).isoformat()
    case["stores"]["stripe"]["subscriptions"][0]["status"] = "canceled"
    keep_case(case, account_id="acc_twice")
    page.reload()
    expect(page.get_by_text("Nothing waits for an owner.")).to_be_visible()
    page.get_by_role("link", name="Over").click()
    expect(page.get_by_text("Settled: the stores no longer say it")).to_be_visible()
