"""A real Chromium on the running pages; without one on this machine the tests say so and are skipped."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from recon.sandbox.logins import ensure_logins, password_of
from tests.support.kept import golden, keep_case

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Playwright's own loop runs in the tests' thread, where Django's database calls are meant to be.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
SignIn = Callable[..., Page]


def is_complaint(message: ConsoleMessage, meant: set[int]) -> bool:
    """The browser calls it an error when it is answered with a page that says no: such an answer may be meant."""
    return message.type == "error" and not any(f"status of {status}" in message.text for status in meant)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def quick_hashing(settings) -> None:
    """Passwords cost next to nothing to set and to try: each test makes its people anew."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def meant() -> set[int]:
    """The statuses of answers that say no and are no fault: a form refused. A test adds those that it calls for."""
    return {409, 422}


@pytest.fixture
def account(transactional_db: None) -> str:
    """An account whose payer is locked out, as a sweep keeps it."""
    return keep_case(golden("payments/paid_after_suspension"))


@pytest.fixture
def sign_in(chromium: Browser, live_server: LiveServer, account: str, meant: set[int]) -> Iterator[SignIn]:
    """`sign_in("support", width=360)` is that person's tab on home. No tab may have complained in its console."""
    ensure_logins()
    contexts, complaints = [], []

    def browse(role: str, *, width: int = 1440, scheme: str = "light", script: bool = True) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if is_complaint(message, meant) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{live_server.url}/login/")
        page.get_by_label("Name").fill(role)
        page.get_by_label("Password").fill(password_of(role))
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{live_server.url}/")
        return page

    yield browse
    for context in contexts:
        context.close()
    assert complaints == []
