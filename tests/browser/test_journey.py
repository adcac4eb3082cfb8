"""What a person does in a browser: log in, see the drift, look an account up, read why; with script and without."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn


@pytest.mark.parametrize("script", [True, False])
def test_support_reads_why_a_payer_is_locked_out(sign_in: SignIn, account: str, script: bool) -> None:
    page = sign_in("support", script=script)
    expect(page.get_by_role("heading", name="Drift", exact=True)).to_be_visible()
    page.get_by_role("searchbox").fill(f"{account}@example.com")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name=account)).to_be_visible()
    expect(page.get_by_text("Wrongly locked out").first).to_be_visible()
    expect(page.get_by_role("columnheader", name="cf_prod")).to_be_visible()
    expect(page.get_by_text("What follows")).to_be_visible()


def test_headline_leads_to_its_accounts(sign_in: SignIn, account: str) -> None:
    page = sign_in("viewer")
    page.get_by_role("link", name="Wrongly locked out").click()
    page.get_by_role("link", name=account).click()
    expect(page.get_by_role("heading", name=account)).to_be_visible()


def test_keys_search_and_show_differences_only(sign_in: SignIn, account: str) -> None:
    page = sign_in("support")
    page.keyboard.press("/")
    page.keyboard.type(account)
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="Has payment method")).to_be_visible()
    page.keyboard.press("d")
    expect(page.get_by_role("rowheader", name="Has payment method")).to_have_count(0)


def test_fragment_replaces_the_account_in_place(sign_in: SignIn, account: str) -> None:
    page = sign_in("support")
    page.goto(f"{page.url}accounts/{account}/")
    answer = page.evaluate("fetch(location.href, {headers: {'HX-Request': 'true'}}).then((answer) => answer.text())")
    assert "<html" not in answer
    assert "Truth beside the six stores" in answer


def test_logged_out_session_sees_the_login_again(sign_in: SignIn, account: str) -> None:
    page = sign_in("support")
    page.get_by_role("button", name="Log out").click()
    page.goto(page.url.replace("/login/", f"/accounts/{account}/"))
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
