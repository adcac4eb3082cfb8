"""Single keys: what each does, that none fires while somebody types, and that a swap of a part changes nothing."""

from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.support.kept import golden, keep_case

REASON = "Reason, for the audit"


@pytest.fixture
def page(sign_in: SignIn, account: str) -> Page:
    """Support's tab on the account's page."""
    page = sign_in("support")
    page.goto(urljoin(page.url, f"/accounts/{account}/"))
    return page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def row(page: Page) -> str:
    """The name of the row with the focus, or what it begins with; empty when none has it."""
    return page.evaluate("""() => {
      const row = document.activeElement;
      return row.matches("[data-row]") ? row.dataset.row || row.cells[0].innerText : "";
    }""")


def covered(page: Page) -> bool:
    """Whether something lies over the focused row, or it is out of sight."""
    return page.evaluate("""() => {
      const row = document.activeElement, {x, width, top, bottom} = row.getBoundingClientRect();
      return [top + 2, bottom - 2].some((y) => !row.contains(document.elementFromPoint(x + width / 2, y)));
    }""")


def test_rows_are_walked_in_sight_and_opened(page: Page, account: str) -> None:
    press(page, "k")
    assert row(page).startswith("Debt state")
    rows = page.locator(".matrix-row").count()
    hidden = [row(page) for _ in range(rows - 1) if press(page, "j") or covered(page)]
    hidden += [row(page) for _ in range(rows - 1) if press(page, "k") or covered(page)]
    assert hidden == []
    assert row(page).startswith("Debt state")
    press(page, "j", "Enter")
    expect(page.locator(".record-name")).to_be_focused()
    assert "cell=" in page.url
    press(page, "j")
    assert row(page).startswith("Has debt")


def test_a_row_walked_to_keeps_the_focus_when_what_was_opened_before_it_settles(page: Page) -> None:
    press(page, "k")
    page.evaluate("() => { window.held = []; window.setTimeout = (timer) => held.push(timer); }")
    press(page, "j", "Enter")
    page.locator(".record-name").wait_for()
    press(page, "j")
    assert row(page).startswith("Has debt")
    page.evaluate("() => held.forEach((timer) => timer())")
    assert row(page).startswith("Has debt")


def test_a_row_is_found_again_after_a_swap(page: Page) -> None:
    press(page, "j", "j")
    name = row(page)
    with page.expect_response("**/?only=differences"):
        press(page, "d")
    expect(page.get_by_role("link", name="Show all rows")).to_be_visible()
    press(page, "j", "k")
    assert row(page) == name
    page.evaluate("document.activeElement.dataset.before = ''")
    press(page, "r")
    expect(page.locator("[data-before]")).to_have_count(0)
    press(page, "k", "j")
    assert row(page) == name


def test_the_reason_comes_first_and_then_its_button(page: Page) -> None:
    press(page, "a")
    expect(page.get_by_label(REASON).last).to_be_focused()
    press(page, *"a refund, d/r?", "Escape")
    expect(page.get_by_label(REASON).last).to_have_value("a refund, d/r?")
    expect(page.get_by_label(REASON).last).not_to_be_focused()
    press(page, "a")
    expect(page.get_by_role("button", name="Approve and apply").last).to_be_focused()


def test_no_key_fires_with_a_modifier_or_over_the_list(page: Page) -> None:
    press(page, "Control+d", "Alt+r", "Meta+j")
    assert (row(page), "only" in page.url) == ("", False)
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    expect(page.get_by_role("heading", name="Keys")).to_be_focused()
    press(page, "j")
    assert row(page) == ""
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "j")
    assert row(page)


def test_a_row_is_ticked_and_opened(sign_in: SignIn, account: str) -> None:
    keep_case(golden("drift/stores_contradict"), account_id="acc_2")
    page = sign_in("support")
    page.goto(urljoin(page.url, "/accounts/"))
    press(page, "j", "j", "k", "j", "x")
    [name] = page.locator("tbody [data-tick]:checked").evaluate_all("boxes => boxes.map((box) => box.value)")
    press(page, "x")
    expect(page.locator("tbody [data-tick]:checked")).to_have_count(0)
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_a_list_without_ticks_ticks_nothing(sign_in: SignIn, account: str) -> None:
    page = sign_in("viewer")
    page.goto(urljoin(page.url, "/search/?q=acc_1,acc_9"))
    press(page, "j", "x")
    assert row(page) == account


def test_the_list_of_keys_is_a_page_without_script(sign_in: SignIn) -> None:
    page = sign_in("viewer", script=False)
    page.get_by_role("link", name="Keys").click()
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    expect(page.get_by_text("Show differences only, or all rows again")).to_be_visible()
