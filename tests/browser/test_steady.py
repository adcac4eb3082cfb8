"""A part of a page that comes anew moves nothing else, takes the focus from nobody, and is told to those who listen."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from recon.actions.look_again import look_again
from recon.models import Apply, ApplyState
from tests.browser.conftest import SignIn
from tests.support.applying import wrong_everywhere
from tests.support.repairs import repair_in
from tests.support.twin import TwinUnderTest

MOST_MOVED: Final = 0.02  # of the window's area and height together, as the browser counts
WATCH: Final = """() => {
  window.moved = 0;
  const count = (list) => list.getEntries().forEach((shift) => { window.moved += shift.value; });
  window.watching = new PerformanceObserver(count);
  window.watching.observe({type: "layout-shift"});
}"""
MOVED: Final = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(window.moved))))"""


@pytest.fixture
def account(transactional_db: None, load_case: Callable[[dict], None], twin: TwinUnderTest, settings: Any) -> str:
    """An account that six real stores hold, so that they can be read again."""
    settings.POLICY = {"plans": {"price_pro": "pro"}}
    load_case(wrong_everywhere())
    twin.load_case(wrong_everywhere())
    look_again("acc_1", actor="task:sweep")
    return "acc_1"


def opened(page: Page, address: str) -> Page:
    page.goto(urljoin(page.url, address))
    page.wait_for_load_state("networkidle")
    page.evaluate(WATCH)
    return page


def test_a_re_read_moves_nothing_and_is_told(sign_in: SignIn, account: str) -> None:
    page = opened(sign_in("support"), f"/accounts/{account}/")
    page.get_by_label("Reason, for the audit").last.fill("half a sent")
    page.get_by_role("button", name="Re-read").press("Enter")
    expect(page.locator("[data-tell]")).to_contain_text("computed")
    assert page.evaluate(MOVED) < MOST_MOVED
    expect(page.get_by_role("button", name="Re-read")).to_be_focused()
    expect(page.get_by_label("Reason, for the audit").last).to_have_value("half a sent")


def test_differences_only_leave_the_switch_where_it_is(sign_in: SignIn, account: str) -> None:
    page = opened(sign_in("support"), f"/accounts/{account}/")
    switch = page.locator("#switch-rows")
    before = switch.bounding_box()
    switch.press("Enter")
    expect(page.get_by_role("link", name="Show all rows")).to_be_focused()
    assert (switch.bounding_box() or {})["y"] == (before or {})["y"]
    expect(page.locator("[data-tell]")).to_contain_text("differ")


def test_a_repair_that_goes_on_moves_nothing(sign_in: SignIn, account: str) -> None:
    apply = repair_in(ApplyState.APPROVED)
    page = opened(sign_in("support"), f"/repairs/{apply.id}/")
    Apply.objects.filter(id=apply.id).update(state=ApplyState.PREPARING)
    expect(page.get_by_text("waiting for a worker")).to_have_count(0)
    assert page.evaluate(MOVED) < MOST_MOVED


def test_one_kind_of_the_timeline_keeps_the_focus(sign_in: SignIn, account: str) -> None:
    page = opened(sign_in("support"), f"/accounts/{account}/")
    page.get_by_role("region", name="Timeline").get_by_role("link", name="Notes").press("Enter")
    chosen = page.get_by_role("region", name="Timeline").get_by_role("link", name="Notes")
    expect(chosen).to_have_attribute("aria-current", "true")
    expect(chosen).to_be_focused()
