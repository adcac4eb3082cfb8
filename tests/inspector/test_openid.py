"""Login by an OpenID provider, which runs beside the tests: who comes in, with which roles, and who does not."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from recon.models import AuditEntry
from tests.inspector.conftest import person_of
from tests.support.openid import CLIENT_ID, Provider, running_provider

LogIn = Callable[..., HttpResponse]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as one:
        yield one


@pytest.fixture(autouse=True)
def _switched_on(settings, db: None, provider: Provider) -> None:
    settings.OIDC_ISSUER = provider.issuer
    settings.OIDC_NAME = "Acme ID"
    settings.OIDC_CLIENT_ID = CLIENT_ID
    settings.OIDC_CLIENT_SECRET = "s3cret"
    settings.OIDC_GROUP_MAP = {"billing-support": "support", "billing-finance": "finance"}
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, "inspector.openid.OpenIdBackend"]


@pytest.fixture
def log_in(provider: Provider) -> LogIn:
    """`log_in(client, "u1", groups=[...])` goes to the provider and back; our answer to the way back."""

    def walk(client: Client, sub: str, *, next: str = "", **claims: object) -> HttpResponse:
        provider.tell(sub, **claims)
        return client.get(provider.log_in(begin(client, next), sub))

    return walk


def begin(client: Client, next: str = "") -> str:
    return client.get("/login/openid/", {"next": next})["Location"]


def groups_of(username: str) -> set[str]:
    return set(User.objects.get(username=username).groups.values_list("name", flat=True))


def test_the_login_page_offers_it() -> None:
    page = Client().get("/login/?next=/accounts/").content.decode()
    assert "Log in with Acme ID" in page
    assert 'href="/login/openid/?next=%2Faccounts%2F"' in page


def test_a_person_comes_in_with_the_roles_that_the_provider_names(log_in: LogIn) -> None:
    client = Client()
    answer = log_in(client, "u1", next="/accounts/", groups=["billing-finance", "everybody"], email="u1@example.com")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/")
    assert client.get("/").status_code == 200
    user = User.objects.get(username="sso:u1")
    assert (groups_of("sso:u1"), user.has_usable_password(), user.email) == ({"finance"}, False, "")


def test_nothing_of_the_providers_proof_is_kept(log_in: LogIn) -> None:
    client = Client()
    log_in(client, "u1", groups=["billing-finance"])
    client.get("/")
    kept = {key for key, _ in client.session.items() if not key.startswith("_auth_user")}
    assert kept == {"_session_expiry", "stamp"}


def test_the_roles_are_audited_when_they_change(log_in: LogIn) -> None:
    for groups in (["billing-support"], ["billing-support"], ["billing-finance", "billing-support"]):
        log_in(Client(), "u1", groups=groups)
    told = AuditEntry.objects.filter(action="login.roles_changed").order_by("seq").values_list("before", "after")
    assert [(before["roles"], after["roles"]) for before, after in told] == [
        ([], ["support"]),
        (["support"], ["finance", "support"]),
    ]


def test_a_role_that_the_provider_takes_is_gone_at_the_next_login(log_in: LogIn) -> None:
    other = Client()
    log_in(other, "u1", groups=["billing-finance"])
    assert other.get("/").status_code == 200
    log_in(Client(), "u1", groups=["billing-support"])
    assert groups_of("sso:u1") == {"support"}
    assert other.get("/").status_code == 302


@pytest.mark.parametrize("claims", [{}, {"groups": []}, {"groups": ["everybody"]}, {"groups": {"a": 1}}, {"groups": 7}])
def test_who_is_in_no_mapped_group_is_told_so_and_not_kept(log_in: LogIn, claims: dict[str, object]) -> None:
    client = Client()
    answer = log_in(client, "u2", **claims)
    assert answer.status_code == 403
    assert "none of your groups there stands for a role here" in answer.content.decode()
    assert not User.objects.filter(username="sso:u2").exists()
    assert client.get("/").status_code == 302


def test_who_lost_every_role_is_out(log_in: LogIn) -> None:
    client = Client()
    log_in(client, "u1", groups=["billing-finance"])
    client.get("/")
    assert log_in(Client(), "u1", groups=[]).status_code == 403
    assert groups_of("sso:u1") == set()
    assert client.get("/").status_code == 302


def test_who_was_switched_off_here_stays_out(log_in: LogIn) -> None:
    log_in(Client(), "u1", groups=["billing-finance"])
    User.objects.update(is_active=False)
    assert log_in(Client(), "u1", groups=["billing-finance"]).status_code == 403


def test_a_login_of_ours_is_never_taken_over(log_in: LogIn) -> None:
    person_of("admin")
    log_in(Client(), "admin", groups=["billing-support"])
    assert (groups_of("admin"), groups_of("sso:admin")) == ({"admin"}, {"support"})


def test_the_way_there_is_sealed(provider: Provider) -> None:
    client = Client()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begin(client)).query).items()}
    [kept] = [value["data"] for key, value in client.session.items() if key.startswith("_state_")]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(kept["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    assert (asked["code_challenge_method"], asked["code_challenge"]) == ("S256", challenge)
    assert asked["nonce"] == kept["nonce"]
    assert asked["redirect_uri"] == "http://testserver/login/openid/return/"
    assert asked.keys() >= {"state", "client_id", "scope", "response_type"}


def test_a_way_back_that_another_browser_began_is_refused(provider: Provider) -> None:
    provider.tell("u1", groups=["billing-finance"])
    back = provider.log_in(begin(Client()), "u1")
    victim = Client()
    begin(victim)
    assert victim.get(back).status_code == 403
    assert victim.get("/").status_code == 302


def test_a_way_back_counts_once(provider: Provider) -> None:
    provider.tell("u1", groups=["billing-finance"])
    client = Client()
    back = provider.log_in(begin(client), "u1")
    assert [client.get(back).status_code for _ in range(2)] == [302, 403]


def test_a_proof_for_another_login_is_refused(provider: Provider) -> None:
    provider.tell("u1", groups=["billing-finance"])
    client = Client()
    back = provider.log_in(begin(client), "u1")
    session = client.session
    [key] = [key for key, _ in session.items() if key.startswith("_state_")]
    session[key]["data"]["nonce"] = "of another login"
    session.save()
    assert client.get(back).status_code == 403


def test_a_proof_of_another_issuer_is_refused(settings, log_in: LogIn) -> None:
    settings.OIDC_ISSUER += "/"
    assert log_in(Client(), "u1", groups=["billing-finance"]).status_code == 403


def test_who_declines_there_is_told_what_to_do(provider: Provider) -> None:
    client = Client()
    page = client.get(provider.log_in(begin(client), "u1", action="deny"))
    assert page.status_code == 403
    assert "Begin it again." in page.content.decode()


@pytest.mark.parametrize("back", ["", "?code=1", "?state=1", "?code=1&state=1", "?error=x&error_description=<script>"])
def test_an_invented_way_back_is_refused(back: str) -> None:
    page = Client().get(f"/login/openid/return/{back}")
    assert page.status_code == 403
    assert "<script>x" not in page.content.decode()


def test_a_provider_that_is_down_is_said_to_be(settings) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    page = Client().get("/login/openid/")
    assert page.status_code == 502
    assert "Acme ID cannot be reached" in page.content.decode()


def test_login_there_leads_nowhere_else(log_in: LogIn) -> None:
    targets = ("https://evil.example/", "//evil.example/", r"\\evil.example", "javascript:alert(1)", "")
    answers = [log_in(Client(), "u1", next=target, groups=["billing-finance"]) for target in targets]
    assert {answer["Location"] for answer in answers} == {"/"}


def test_with_our_own_logins_off_only_the_provider_lets_in(settings, log_in: LogIn) -> None:
    local = Client()
    local.force_login(person_of("support"))
    settings.LOCAL_LOGINS = False
    settings.AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "inspector.openid.OpenIdBackend"]
    assert local.get("/").status_code == 302
    page = Client().get("/login/").content.decode()
    assert "Log in with Acme ID" in page
    assert 'name="password"' not in page
    User.objects.create_user("kept", password="correct horse battery staple")
    answer = Client().post("/login/", {"username": "kept", "password": "correct horse battery staple"})
    assert answer.status_code == 200
    assert log_in(Client(), "u1", groups=["billing-finance"]).status_code == 302
