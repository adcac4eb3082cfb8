"""Who may look: a login in one of the groups, and nobody else; what one may not apply is said with the reason."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, get_resolver

from recon.sandbox.logins import ensure_logins, password_of
from tests.inspector.conftest import person_of

OPEN = {"login", "healthz"}
Browser = Callable[[str], Client]


def addresses() -> list[str]:
    patterns = [pattern for pattern in get_resolver().url_patterns if isinstance(pattern, URLPattern)]
    return ["/" + str(one.pattern).replace("<str:account_id>", "acc_1") for one in patterns if one.name not in OPEN]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("address", addresses())
@pytest.mark.django_db
def test_every_address_asks_for_a_login(address: str, method: str) -> None:
    answer = getattr(Client(), method)(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=")


@pytest.mark.django_db
def test_login_and_health_are_open() -> None:
    assert Client().get("/login/").status_code == 200
    assert Client().get("/healthz").content == b"ok\n"


@pytest.mark.parametrize("address", ["/", "/accounts/", "/search/?q=x", "/accounts/acc_1/"])
@pytest.mark.django_db
def test_login_without_a_group_sees_nothing(address: str) -> None:
    client = Client()
    client.force_login(User.objects.create_user("stranger"))
    answer = client.get(address)
    assert answer.status_code == 403
    assert "ask an admin" in answer.content.decode()


@pytest.mark.parametrize("role", ["viewer", "support", "finance", "admin"])
def test_every_role_looks(logged_in: Browser, role: str) -> None:
    assert logged_in(role).get("/").status_code == 200


@pytest.mark.parametrize(
    ("role", "risk", "allowed"),
    [
        ("viewer", "lenient", False),
        ("support", "lenient", True),
        ("finance", "lenient", True),
        ("admin", "lenient", True),
        ("viewer", "severe", False),
        ("support", "severe", False),
        ("finance", "severe", True),
        ("admin", "severe", True),
    ],
)
def test_role_against_risk(logged_in: Browser, keep: Callable[..., str], role: str, risk: str, allowed: bool) -> None:
    account = keep({"lenient": "payments/paid_after_suspension", "severe": "drift/never_dunned"}[risk])
    page = logged_in(role).get(f"/accounts/{account}/").context["page"]
    assert page.plan.risk.code == risk
    assert page.permission.allowed is allowed
    assert bool(page.permission.why_not) is not allowed


def test_recompute_is_not_a_link(support: Client) -> None:
    assert support.get("/accounts/acc_1/recompute/").status_code == 405


@pytest.mark.django_db
def test_recompute_asks_for_the_form_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person_of("support"))
    assert client.post("/accounts/acc_1/recompute/").status_code == 403


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/"])
@pytest.mark.django_db
def test_login_leads_nowhere_else(target: str) -> None:
    ensure_logins()
    answer = Client().post("/login/", {"username": "support", "password": password_of("support"), "next": target})
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.django_db
def test_headers_hold_the_browser_back() -> None:
    headers = Client().get("/login/").headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_pages_stay_out_of_shared_caches(support: Client) -> None:
    assert support.get("/").headers["Cache-Control"] == "private, no-store"
