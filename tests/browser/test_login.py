"""The way in, in a browser: what was typed outlives a session that ended, and every page before it fits its window."""

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


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.django_db(transaction=True)
def test_the_pages_before_the_login_fit(chromium: Browser, live_server: LiveServer, width: int, scheme: str) -> None:
    ensure_logins()
    with chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
        page = context.new_page()
        for address in ("/login/?ended=idle", "/nothing-here", "/login/openid/"):
            page.goto(f"{live_server.url}{address}")
            assert page.get_by_role("heading", level=1).is_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.goto(f"{live_server.url}/login/")
        log_in(page, "support", "wrong")
        assert page.get_by_role("alert").inner_text().startswith("That name and password do not go together.")


def test_who_guesses_sees_for_how_long_the_door_is_shut(
    chromium: Browser, live_server: LiveServer, transactional_db: None, settings
) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    ensure_logins()
    with chromium.new_context() as context:
        page = context.new_page()
        for _ in range(2):
            page.goto(f"{live_server.url}/login/")
            log_in(page, "support", "wrong")
        assert page.get_by_role("heading", level=1).inner_text() == "Wait a while"
        assert page.get_by_text("Try again in 15 minutes.").is_visible()
