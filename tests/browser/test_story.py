"""The account's story in a real browser: copying, writing a note with and without script, and going further back."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from playwright.sync_api import expect

from recon.models import Note
from tests.browser.conftest import SignIn

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


def test_a_sentence_is_copied_and_says_so(sign_in: SignIn, account: str) -> None:
    page = sign_in("support")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(urljoin(page.url, f"/accounts/{account}/"))
    page.get_by_role("button", name="Copy the text for the customer").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.get_by_label("For the customer").input_value()


def test_a_note_is_written_without_script(sign_in: SignIn, account: str) -> None:
    page = sign_in("support", script=False, width=360)
    page.goto(urljoin(page.url, f"/accounts/{account}/"))
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.get_by_label("What the next one should know").fill("Called: <b>pays on Friday</b>.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".notes-text")).to_have_text("Called: <b>pays on Friday</b>.")


def test_further_back_and_one_kind_are_fetched_in_place(sign_in: SignIn, account: str) -> None:
    Note.objects.bulk_create(
        Note(account_id=account, at=NOON + timedelta(minutes=minute), author="user:ada", text=f"note {minute}")
        for minute in range(60)
    )
    page = sign_in("support")
    page.goto(urljoin(page.url, f"/accounts/{account}/"))
    timeline = page.get_by_role("region", name="Timeline")
    timeline.get_by_role("link", name="Notes").click()
    expect(timeline.get_by_role("link", name="Notes")).to_have_attribute("aria-current", "true")
    expect(timeline.get_by_role("blockquote").first).to_have_text("note 59")
    timeline.get_by_role("link", name="Further back").click()
    expect(timeline.get_by_role("link", name="Back to the newest")).to_be_visible()
    expect(timeline.get_by_text("note 59", exact=True)).to_have_count(0)
