"""The way in, in a browser: what was typed outlives a session that ended, and wrong passwords are answered."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from inspector.kept_reason import REASON_KEPT
from recon.models import Apply
from recon.sandbox.logins import ensure_logins, password_of
from tests.browser.conftest import SignIn

REASON = "Paid by wire on Monday."


def log_in(page: Page, role: str, password: str) -> None:
    page.get_by_label("Name").fill(role)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


@pytest.mark.parametrize("script", [True, False])
def test_a_reason_outlives_the_session(sign_in: SignIn, live_server: LiveServer, account: str, script: bool) -> None:
    page = sign_in("support", script=script)
    page.goto(f"{live_server.url}/accounts/{account}/")
    page.get_by_label("Reason, for the audit").first.fill(REASON)
    Session.objects.all().delete()
    page.get_by_role("button", name="Approve and apply").first.click()
    assert page.get_by_role("status").inner_text().startswith("Your session had ended.")
    log_in(page, "support", password_of("support"))
    page.wait_for_url(f"{live_server.url}/accounts/{account}/")
    assert page.get_by_label("Reason, for the audit").first.input_value() == REASON
    assert page.get_by_text(REASON_KEPT).is_visible()
    assert not Apply.objects.exists()


def test_who_guesses_sees_for_how_long_the_door_is_shut(
    chromium: Browser, live_server: LiveServer, transactional_db: None, settings
) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    ensure_logins()
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/login/")
        log_in(page, "support", "wrong")
        assert page.get_by_role("alert").inner_text().startswith("That name and password do not go together.")
        log_in(page, "support", "wrong")
        assert page.get_by_role("heading", level=1).inner_text() == "Wait a while"
        assert page.get_by_text("Try again in 15 minutes.").is_visible()
