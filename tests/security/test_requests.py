"""Requests: forged, too large, to another host, with what nobody asked for: refused, and nothing is written."""

from typing import Final

import pytest
from django.contrib.auth.models import User
from django.test import Client

from inspector.access import SIGNED
from recon.models import ApiToken, Apply, Note
from tests.api.test_token_access import ROWS as API_ROWS
from tests.inspector.conftest import person_of
from tests.inspector.test_access import ROWS
from tests.security.tables import fingerprint
from tests.support.clients import one_of_many
from tests.support.kept import golden, keep_case
from tests.support.repairs import plan_of, send
from tests.support.tokens import bearer

FORMS: Final = {name: row for name, row in ROWS.items() if "post" in row.answers and row.need != SIGNED}
POSTS: Final = {name: row for name, row in API_ROWS.items() if "post" in row.methods}
EVIL: Final = "https://evil.example/"


@pytest.fixture
def account(db: None) -> str:
    return keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")


def browser(role: str = "admin", *, forges: bool = False) -> Client:
    client = Client(enforce_csrf_checks=True) if forges else one_of_many()
    client.force_login(person_of(role))
    return client


@pytest.mark.parametrize(
    "headers", [{}, {"HX-Request": "true"}, {"Origin": EVIL.rstrip("/")}], ids=["bare", "htmx", "foreign"]
)
def test_no_form_is_taken_without_its_token(account: str, headers: dict[str, str]) -> None:
    client, refused = browser(forges=True), {}
    client.get("/status/")
    token, before = client.cookies["csrftoken"].value if "Origin" in headers else "none", fingerprint()
    for name, row in FORMS.items():
        answer = client.post(row.address, {"csrfmiddlewaretoken": token, "reason": "forged"}, headers=headers)
        refused[name] = answer.status_code == 403 or "HX-Redirect" in answer
    assert refused == dict.fromkeys(FORMS, True)
    assert fingerprint() == before


def test_a_repair_holds_what_we_know_and_not_what_the_form_says(account: str) -> None:
    crafted = {"state": "done", "approved_by": "user:root", "actor": "user:root", "risk": "lenient", "epoch": "9",
               "writes": "[]", "is_staff": "1"}  # fmt: skip
    send(browser("finance"), account, **crafted)
    apply = Apply.objects.get()
    assert (apply.state, apply.approved_by, apply.digest) == ("approved", "user:finance", plan_of(account).digest)
    assert (apply.risk, apply.writes) == (plan_of(account).risk, plan_of(account).writes)


def test_a_token_and_a_note_are_of_whom_they_are_of(account: str) -> None:
    admin = browser()
    crafted = {"made_by": "user:root", "author": "user:root", "secret_hash": "0" * 64, "prefix": "0" * 12}
    admin.post("/tokens/make/", {"name": "desk", "purpose": "panel", "scope": "read", "days": "30", **crafted})
    admin.post(f"/accounts/{account}/notes/", {"text": "They called.", **crafted})
    token = ApiToken.objects.get()
    assert (token.made_by, token.prefix == "0" * 12, token.secret_hash == "0" * 64) == ("user:admin", False, False)
    assert Note.objects.get().author == "user:admin"


@pytest.mark.usefixtures("quick_hashing")
def test_nobody_is_made_more_by_a_form(db: None) -> None:
    person = person_of("viewer")
    person.set_password("correct horse battery staple")
    person.save()
    client = Client()
    crafted = {"is_staff": "on", "is_superuser": "on", "groups": "admin", "is_active": "on", "username": "root"}
    password = {"username": "viewer", "password": "correct horse battery staple"}
    client.post("/login/", {**crafted, **password})
    new = "another horse battery staple"
    changed = {"old_password": password["password"], "new_password1": new, "new_password2": new, **crafted}
    assert client.post("/password/", changed).status_code == 302
    after = User.objects.get(username="viewer")
    assert (after.is_staff, after.is_superuser, [one.name for one in after.groups.all()]) == (False, False, ["viewer"])


@pytest.mark.parametrize("name", POSTS)
def test_every_call_refuses_a_field_that_is_not_its_own(account: str, name: str) -> None:
    scope, _ = POSTS[name].methods["post"]
    client, before = bearer(scope), fingerprint()
    sent = {"state": "DONE", "approved_by": "user:root", "actor": "user:root", "reason": 7}
    answer = client.post(POSTS[name].address, sent, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert {"/state", "/approved_by", "/actor"} <= {one["pointer"] for one in answer.json()["errors"]}
    assert fingerprint() == before


def test_a_form_has_a_greatest_size_and_number_of_fields(account: str) -> None:
    admin = browser()
    for form in ({"q": "x" * (1024 * 1024 + 1)}, {f"a{number}": "1" for number in range(1_001)}):
        assert admin.post("/search/", form).status_code == 400


@pytest.mark.parametrize("name", list(POSTS))
def test_every_call_has_a_greatest_body(db: None, name: str) -> None:
    scope, _ = POSTS[name].methods["post"]
    answer = bearer(scope).post(POSTS[name].address, " " * (1024 * 1024 + 1), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_no_page_and_no_list_of_ids_is_without_an_end(account: str) -> None:
    reader, job = bearer("read"), bearer("bulk")
    for address in ("accounts/", "accounts/acc_1/timeline/"):
        assert reader.get(f"/api/v1/{address}", {"page_size": "100000"}).status_code == 400
    many = {"accounts": [f"a{number}" for number in range(10_001)], "reason": "all of them"}
    assert job.post("/api/v1/bulk-repairs/", many, content_type="application/json").status_code == 400
    assert browser().post("/search/", {"q": ",".join(f"acc_{number}" for number in range(100_000))}).status_code == 200


def test_no_form_leads_to_another_site(account: str) -> None:
    names = ("next", "queue", "back", "url", "leaving", "ended")
    browsers = {name: browser() for name in FORMS}
    for target in (EVIL, "//evil.example/"):
        for name, row in FORMS.items():
            answer = browsers[name].post(row.address, dict.fromkeys(names, target), headers={"HX-Current-URL": EVIL})
            location = answer.get("Location", "/")
            assert location.startswith("/"), row.address
            assert not location.startswith(("//", "/\\")), row.address


def test_no_address_answers_for_another_host(account: str) -> None:
    admin = browser()
    for row in ROWS.values():
        assert admin.get(row.address, headers={"Host": "evil.example"}).status_code == 400, row.address
        page = admin.get(
            row.address, headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Server": "evil.example"}
        )
        assert b"evil.example" not in (b"" if page.streaming else page.content), row.address
        assert "evil.example" not in page.get("Location", ""), row.address


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
def test_no_other_method_reaches_anything(account: str, method: str) -> None:
    admin, before = browser(), fingerprint()
    answers = {name: admin.generic(method, row.address).status_code for name, row in ROWS.items()}
    assert {name: status for name, status in answers.items() if status not in (401, 405)} == {"login": 302}
    assert fingerprint() == before


def test_looking_changes_nothing(account: str) -> None:
    """Every address by every safe method, as a person and as a program: what is durable stays as it was."""
    admin, program = browser(), bearer("read", "audit")
    before = fingerprint()
    for row in ROWS.values():
        for method in ("get", "head", "options"):
            getattr(admin, method)(row.address)
            getattr(program, method)(row.address)
    assert fingerprint() == before
