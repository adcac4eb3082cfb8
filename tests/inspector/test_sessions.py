"""A session ends unused, old, at a logout, and when roles or password change; what was typed outlives it."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inspector.kept_reason import KEPT_SECONDS, NOTE_KEPT, REASON_KEPT
from inspector.sessions import STAMP
from recon.models import Apply
from recon.sandbox.logins import ensure_logins, password_of

Browser = Callable[[str], Client]
APPLY = "/accounts/acc_1/apply/"
pytestmark = pytest.mark.usefixtures("quick_hashing")


@pytest.fixture
def comes_in(db: None) -> Browser:
    """`comes_in("support")` is a browser that logged in by the form."""
    ensure_logins()

    def browser(role: str) -> Client:
        client = Client()
        log_in(client, role)
        return client

    return browser


def log_in(client: Client, role: str, password: str | None = None) -> HttpResponse:
    ensure_logins()
    return client.post("/login/", {"username": role, "password": password or password_of(role)})


def back_date(client: Client, **seconds: int) -> None:
    """As if `begun` or `seen` had been so many seconds earlier."""
    session = client.session
    session[STAMP] = {**session[STAMP], **{name: session[STAMP][name] - ago for name, ago in seconds.items()}}
    session.save()


def ended(answer: HttpResponse) -> str:
    """Why the login page says that one has to log in again; "no" when one has not."""
    return parse_qs(urlsplit(answer.get("Location", "")).query).get("ended", ["no"])[0]


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        ({"seen": 29 * 60}, "no"),
        ({"seen": 30 * 60}, "idle"),
        ({"begun": 12 * 3600 - 60}, "no"),
        ({"begun": 12 * 3600}, "old"),
    ],
)
def test_a_session_ends_unused_and_old(support: Client, seconds: dict[str, int], why: str) -> None:
    support.get("/")
    back_date(support, **seconds)
    assert ended(support.get("/")) == why
    assert support.get("/").status_code == (200 if why == "no" else 302)


def test_using_a_session_does_not_make_it_last_for_longer(support: Client) -> None:
    support.get("/")
    begun = support.session.get_expiry_date()
    back_date(support, seen=120)
    support.get("/")
    assert support.session.get_expiry_date() == begun


def test_a_session_in_use_is_written_once_a_minute(support: Client) -> None:
    support.get("/password/done/")
    with CaptureQueriesContext(connection) as caught:
        support.get("/password/done/")
    assert [query["sql"].split()[0] for query in caught] == ["SELECT"] * 3  # session, person, groups
    back_date(support, seen=60)
    with CaptureQueriesContext(connection) as caught:
        support.get("/password/done/")
    assert sum("UPDATE" in query["sql"] for query in caught) == 1


@pytest.mark.parametrize("change", ["taken", "given"])
def test_a_session_ends_when_roles_change(support: Client, change: str) -> None:
    support.get("/")
    person = User.objects.get(username="support")
    if change == "taken":
        person.groups.clear()
    else:
        person.groups.add(Group.objects.get_or_create(name="admin")[0])
    assert ended(support.get("/")) == "roles"


def test_a_session_ends_when_the_login_is_switched_off(support: Client) -> None:
    User.objects.update(is_active=False)
    assert support.get("/").status_code == 302


def test_login_gives_the_session_a_new_id(comes_in: Browser) -> None:
    client = Client()
    client.post(APPLY, {"reason": "paid by wire"})
    before = client.session.session_key
    log_in(client, "support")
    assert before
    assert client.session.session_key != before


def test_logout_ends_the_session(comes_in: Browser) -> None:
    client = comes_in("support")
    stolen = Client()
    stolen.cookies = client.cookies.copy()
    assert stolen.get("/").status_code == 200
    client.post("/logout/")
    assert stolen.get("/").status_code == 302


def test_another_password_ends_the_other_sessions(comes_in: Browser) -> None:
    client, other = comes_in("support"), comes_in("support")
    new = "correct horse battery staple"
    form = {"old_password": password_of("support"), "new_password1": new, "new_password2": new}
    assert client.post("/password/", form)["Location"] == "/password/done/"
    assert (client.get("/").status_code, other.get("/").status_code) == (200, 302)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_fragment_without_a_session_leads_the_page_to_the_login(db: None, method: str) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/accounts/acc_1/?only=differences"}
    answer = getattr(Client(), method)("/accounts/acc_1/recompute/", headers=headers)
    assert answer["HX-Redirect"] == "/login/?next=%2Faccounts%2Facc_1%2F%3Fonly%3Ddifferences"
    assert answer.content == b""


def test_a_fragments_foreign_page_is_not_led_back_to(db: None) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/accounts/acc_1/"}
    assert Client().get("/accounts/acc_1/", headers=headers)["HX-Redirect"] == "/login/?next=%2F"


def reason_shown(client: Client, account: str = "acc_1") -> str:
    return client.get(f"/accounts/{account}/").context["foot"].form.reason


@pytest.fixture
def drifted(keep: Callable[..., str]) -> str:
    return keep("drift/flagged_but_paid", account_id="acc_1")


def test_what_was_typed_outlives_the_session_and_is_not_applied(comes_in: Browser, drifted: str) -> None:
    client = comes_in("support")
    client.get("/")
    back_date(client, seen=3600)
    answer = client.post(APPLY, {"reason": "Paid by wire on Monday."})
    assert answer["Location"] == "/login/?next=%2Faccounts%2Facc_1%2F&ended=idle"
    login = client.get(answer["Location"]).content.decode()
    assert "What you typed is kept; nothing was applied." in login
    assert log_in(client, "support").status_code == 302
    page = client.get("/accounts/acc_1/")
    assert page.context["foot"].form.reason == "Paid by wire on Monday."
    assert REASON_KEPT in page.content.decode()
    assert not Apply.objects.exists()


def test_what_was_typed_is_shown_once_and_on_its_own_account(
    comes_in: Browser, keep: Callable[..., str], drifted: str
) -> None:
    keep("drift/flagged_but_paid", account_id="acc_2")
    client = Client()
    client.post(APPLY, {"reason": "Paid by wire."})
    log_in(client, "support")
    assert [reason_shown(client, account) for account in ("acc_2", "acc_1", "acc_1")] == ["", "Paid by wire.", ""]


def test_what_was_typed_is_cut_and_grows_stale(comes_in: Browser, drifted: str) -> None:
    client = Client()
    client.post(APPLY, {"reason": "x" * 5_000})
    log_in(client, "support")
    session = client.session
    [[account, typed, at]] = session["kept_reasons"]
    assert typed == {"reason": "x" * 500}
    session["kept_reasons"] = [[account, typed, at - KEPT_SECONDS - 1]]
    session.save()
    assert reason_shown(client) == ""


def test_no_more_than_a_few_are_kept(db: None) -> None:
    client = Client()
    for number in range(20):
        client.post(f"/accounts/acc_{number}/apply/", {"reason": "Paid."})
    assert [one[0] for one in client.session["kept_reasons"]] == [f"acc_{number}" for number in range(15, 20)]


def test_an_old_tabs_reason_is_kept_and_a_foreign_pages_is_not(drifted: str) -> None:
    for site, reason in (("same-origin", "Paid by wire."), ("cross-site", "")):
        client = Client(enforce_csrf_checks=True)
        client.force_login(person_in_support())
        answer = client.post(APPLY, {"reason": "Paid by wire."}, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
        assert 'href="/accounts/acc_1/"' in answer.content.decode()
        assert reason_shown(client) == reason


def person_in_support() -> User:
    ensure_logins()
    return User.objects.get(username="support")


def test_pages_stay_out_of_every_cache(support: Client) -> None:
    pages = ("/", "/accounts/", "/password/", "/nothing-here")
    assert {support.get(page)["Cache-Control"] for page in pages} == {"private, no-store"}


def test_a_note_outlives_the_session_too(comes_in: Browser, drifted: str) -> None:
    client = Client()
    client.post("/accounts/acc_1/notes/", {"text": "They call again on Monday."})
    log_in(client, "support")
    page = client.get("/accounts/acc_1/").content.decode()
    assert "They call again on Monday.</textarea>" in page
    assert NOTE_KEPT in page
