"""The way in: who guesses is held up and learns nothing; who may come in is led to a page of ours."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory

from inspector.throttle import client_address
from recon.sandbox.logins import ensure_logins, password_of
from tests.inspector.conftest import person_of

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
LogIn = Callable[..., HttpResponse]
pytestmark = pytest.mark.usefixtures("quick_hashing")


@pytest.fixture
def log_in(db: None) -> LogIn:
    """`log_in("support", "wrong", address=HERE)` sends the form from a new browser."""
    ensure_logins()

    def send(name: str, password: str | None = None, *, address: str = HERE, **more: str) -> HttpResponse:
        form = {"username": name, "password": password_of(name) if password is None else password, **more}
        return Client(REMOTE_ADDR=address).post("/login/", form)

    return send


def text_of(page: HttpResponse) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())


def test_the_tenth_wrong_password_shuts_the_door_there_and_nowhere_else(log_in: LogIn) -> None:
    assert [log_in("support", "wrong").status_code for _ in range(10)] == [200] * 9 + [429]
    assert log_in("support").status_code == 429
    assert log_in("finance").status_code == 302
    assert log_in("support", address=ELSEWHERE).status_code == 302


def test_thirty_wrong_passwords_shut_the_door_to_their_address(log_in: LogIn) -> None:
    assert [log_in(f"guess-{number}", "wrong").status_code for number in range(30)] == [200] * 29 + [429]
    assert log_in("finance").status_code == 429
    assert log_in("finance", address=ELSEWHERE).status_code == 302


def test_names_that_exist_and_that_do_not_get_the_same_answers(log_in: LogIn) -> None:
    known = [log_in("support", "wrong", address=HERE) for _ in range(11)]
    unknown = [log_in("nobody", "wrong", address=ELSEWHERE) for _ in range(11)]
    assert [one.status_code for one in known] == [one.status_code for one in unknown]
    assert [text_of(one) for one in known] == [text_of(one) for one in unknown]


def test_a_login_that_was_switched_off_looks_like_a_wrong_password(log_in: LogIn) -> None:
    User.objects.filter(username="support").update(is_active=False)
    assert text_of(log_in("support")) == text_of(log_in("support", "wrong", address=ELSEWHERE))


def test_the_shut_door_says_for_how_long(log_in: LogIn) -> None:
    page = [log_in("support", "wrong") for _ in range(10)][-1]
    assert "Try again in 15 minutes." in page.content.decode()
    assert page["Retry-After"] == "900"


def test_the_door_opens_again(log_in: LogIn) -> None:
    for _ in range(10):
        log_in("support", "wrong")
    attempt = AccessAttempt.objects.get()
    AccessAttempt.objects.update(
        attempt_time=attempt.attempt_time - configured.AXES_COOLOFF_TIME - timedelta(seconds=1)
    )
    assert log_in("support").status_code == 302


def test_trying_on_at_a_shut_door_does_not_shut_it_for_longer(log_in: LogIn) -> None:
    for _ in range(10):
        log_in("support", "wrong")
    before = AccessAttempt.objects.values().get()
    log_in("support", "wrong")
    assert AccessAttempt.objects.values().get() == before


def test_the_right_password_forgets_the_wrong_ones(log_in: LogIn) -> None:
    for _ in range(9):
        log_in("support", "wrong")
    assert log_in("support").status_code == 302
    assert [log_in("support", "wrong").status_code for _ in range(9)] == [200] * 9


def test_another_spelling_of_the_name_counts_too(log_in: LogIn) -> None:
    spellings = ["support", "SUPPORT", "Support", "ｓupport", "supporT"] * 2
    assert [log_in(name, "wrong").status_code for name in spellings][-1] == 429


def test_what_was_typed_is_kept_nowhere(log_in: LogIn, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        for _ in range(11):
            log_in("hunter2-as-a-name", "hunter2-as-a-password", next="/accounts/acc_1/")
    assert "hunter2" not in str(list(AccessAttempt.objects.values()))
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("name", ["", "\x00", "x" * 10_000, "' or 1=1 --", "<script>alert(1)</script>"])
def test_any_name_is_answered_with_the_page(log_in: LogIn, name: str) -> None:
    page = log_in(name, "wrong")
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", HERE),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1, 203.0.113.9, 172.16.0.1", "203.0.113.9"),
        (2, "203.0.113.9", HERE),
        (1, "nonsense", HERE),
        (1, "", HERE),
    ],
)
def test_only_our_own_proxies_are_believed(settings, proxies: int, forwarded: str, address: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/login/", REMOTE_ADDR=HERE, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "https:evil.example",
        "https:/evil.example",
        r"\\evil.example",
        r"/\evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "%0d%0aLocation:%20https://evil.example",
        "\r\nLocation: https://evil.example",
        "\thttps://evil.example",
    ],
)
def test_login_leads_nowhere_else(log_in: LogIn, target: str) -> None:
    location = log_in("support", next=target)["Location"]
    assert location == "/" or not re.match(r"[a-z]+:|[/\\]{2}|/\\", location)
    assert "\n" not in location


def test_login_leads_where_one_was_going(log_in: LogIn) -> None:
    assert log_in("support", next="/accounts/acc_1/")["Location"] == "/accounts/acc_1/"


@pytest.mark.django_db
def test_the_demos_logins_are_shown_in_the_demo_alone(settings) -> None:
    settings.DEMO_LOGINS = ["viewer:viewer-demo"]
    assert "viewer-demo" in Client().get("/login/").content.decode()
    settings.DEMO_LOGINS = []
    assert "This is a demo" not in Client().get("/login/").content.decode()


def test_every_demo_login_comes_in(log_in: LogIn) -> None:
    named = [one.split(":") for one in configured.DEMO_LOGINS]
    assert [name for name, _ in named] == ["viewer", "support", "finance", "admin", "admin-2"]
    assert [log_in(name, password).status_code for name, password in named] == [302] * 5


@pytest.mark.parametrize(
    "password",
    ["short-one-1", "1q2w3e4r5t6y", "123456789012345", "support-support", "correct horse battery staple"],
)
def test_password_rules(log_in: LogIn, password: str) -> None:
    client = Client()
    client.post("/login/", {"username": "support", "password": password_of("support")})
    form = {"old_password": password_of("support"), "new_password1": password, "new_password2": password}
    page = client.post("/password/", form)
    assert page.status_code == (302 if password.startswith("correct") else 200)
    assert bool(page.status_code == 302 or page.context["form"].errors)


@pytest.mark.django_db
def test_a_password_kept_elsewhere_is_not_changed_here(settings) -> None:
    settings.OIDC_NAME = "Acme ID"
    person = person_of("support")
    person.set_unusable_password()
    person.save()
    client = Client()
    client.force_login(person)
    assert "Acme ID" in client.get("/password/").content.decode()


def answers(client: Client) -> dict[str, HttpResponse]:
    return {
        "login": client.get("/login/"),
        "missing": client.get("/nothing-here"),
        "to the login": client.get("/"),
        "another host": client.get("/login/", headers={"Host": "evil.example"}),
        "another host, by a proxy": client.get("/login/", headers={"X-Forwarded-Host": "evil.example"}),
        "forged": Client(enforce_csrf_checks=True).post("/login/", {}),
        "healthz": client.get("/healthz"),
    }


@pytest.mark.django_db
def test_every_answer_holds_the_browser_back() -> None:
    seen = answers(Client())
    assert {name: one.status_code for name, one in seen.items()} == {
        "login": 200,
        "missing": 404,
        "to the login": 302,
        "another host": 400,
        "another host, by a proxy": 200,
        "forged": 403,
        "healthz": 200,
    }
    for name, answer in seen.items():
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy, name
        assert "default-src 'none'" in policy, name
        assert "frame-ancestors 'none'" in policy, name
        if name != "another host":  # refused before there is a request to answer
            assert answer["X-Content-Type-Options"] == "nosniff", name
            assert "no-store" in answer["Cache-Control"], name


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing", "There is no such page"),
        ("another host", "Nothing was changed"),
        ("forged", "This form is out of date"),
    ],
)
def test_refusals_are_pages(name: str, words: str) -> None:
    page = answers(Client())[name].content.decode()
    assert words in page
    assert "evil" not in page


def test_production_binds_its_cookies_to_this_host() -> None:
    """The settings as a production installation reads them."""
    names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "DEMO_LOGINS")
    code = f"from recon import settings; print([getattr(settings, name) for name in {names}])"
    kept = {name: value for name, value in os.environ.items() if name not in {"RECON_SANDBOX", "DEMO_LOGINS"}}
    env = {**kept, "DATABASE_URL": "postgres://recon@db.example.com/recon", "DEMO_LOGINS": "admin:admin"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=configured.BASE_DIR, capture_output=True, text=True
    )
    assert done.stdout.strip() == "['__Host-sessionid', '__Host-csrftoken', True, True, []]"
