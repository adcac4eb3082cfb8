"""Search as a person does it: pasted, typed, and without script."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.support.kept import golden, keep_case

LINES = "acc_1\nacc_2\nnobody@example.com"


@pytest.fixture
def another(account: str) -> str:
    return keep_case(golden("drift/flagged_but_paid"), account_id="acc_2")


def paste(page: Page, text: str) -> None:
    """As from another window: the clipboard's event at the field that has the cursor."""
    page.evaluate(
        "text => { const data = new DataTransfer(); data.setData('text/plain', text);"
        " document.activeElement.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})) }",
        text,
    )


def test_the_cursor_is_in_the_box_and_its_key_is_not_typed(sign_in: SignIn) -> None:
    page = sign_in("support")
    box = page.get_by_role("searchbox")
    expect(box).to_be_focused()
    page.keyboard.press("/")
    expect(box).to_have_value("")
    page.keyboard.press("Escape")
    expect(box).not_to_be_focused()
    page.keyboard.press("/")
    expect(box).to_be_focused()


def test_lines_pasted_into_the_box_are_searched_one_by_one(sign_in: SignIn, another: str) -> None:
    page = sign_in("support")
    page.get_by_role("searchbox").fill("x ")
    paste(page, LINES)
    expect(page.get_by_role("searchbox")).to_have_value("x acc_1, acc_2, nobody@example.com")
    page.get_by_role("searchbox").fill("")
    paste(page, LINES)
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="acc_1")).to_be_visible()
    expect(page.get_by_role("rowheader", name="acc_2")).to_be_visible()
    expect(page.get_by_role("heading", name="Led to no account")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_many_at_once_without_the_box(sign_in: SignIn, another: str, script: bool) -> None:
    page = sign_in("support", script=script)
    page.get_by_role("button", name="Search").click()
    page.get_by_label("One a line").fill(LINES)
    page.get_by_role("button", name="Search for all of them").click()
    expect(page.get_by_role("rowheader", name="acc_2")).to_be_visible()
    expect(page.get_by_text("nobody@example.com").first).to_be_visible()
