"""What every answer tells a browser: what it may run and load, who may frame it, and that nobody keeps it."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Final

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.inspector.conftest import person_of
from tests.inspector.test_access import ROWS
from tests.support.kept import golden, keep_case
from tests.support.tokens import bearer

NONCE: Final = re.compile(r"'nonce-[A-Za-z0-9_-]{16,}'")


class Loads(HTMLParser):
    """From where a page loads what runs or shows, and what in it runs without a nonce."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.foreign: list[str] = []
        self.nonces: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        source = told.get("src") or (told.get("href") if tag == "link" else "") or ""
        if re.match(r"[a-z]+:|//", source) and not source.startswith("data:image/"):
            self.foreign.append(source)
        if tag in {"script", "style"} and not told.get("src"):
            self.nonces.add(told.get("nonce") or "")


def policy_of(answer: HttpResponse) -> dict[str, list[str]]:
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";") if part.strip()]
    return {name: values for name, *values in parts}


@pytest.fixture
def answers(db: None) -> dict[str, HttpResponse]:
    """Of every address, to an admin, to a program, and to nobody."""
    keep_case(golden("drift/flagged_but_paid"), account_id="acc_1")
    admin = Client()
    admin.force_login(person_of("admin"))
    people = {"admin": admin, "program": bearer("read", "audit"), "nobody": Client()}
    return {f"{who} {name}": one.get(row.address) for name, row in ROWS.items() for who, one in people.items()}


def test_a_browser_runs_nothing_that_is_not_ours(answers: dict[str, HttpResponse]) -> None:
    for name, answer in answers.items():
        policy = policy_of(answer)
        assert policy["default-src"] == policy["frame-ancestors"] == ["'none'"], name
        sources = {source for values in policy.values() for source in values}
        assert {one for one in sources if not NONCE.fullmatch(one)} <= {"'none'", "'self'", "data:"}, name
        assert "data:" not in [*policy.get("script-src", ()), *policy.get("style-src", ())], name
        if answer["Content-Type"].startswith("text/html"):
            loads = Loads(answer.content.decode())
            assert loads.foreign == [], name
            assert {f"'nonce-{one}'" for one in loads.nonces} <= set(policy["script-src"]), name
            assert (policy["base-uri"], policy["form-action"]) == (["'none'"], ["'self'"]), name


def test_every_answer_has_its_headers(answers: dict[str, HttpResponse]) -> None:
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    for name, answer in answers.items():
        assert {header: answer.get(header) for header in wanted} == wanted, name


def test_no_cache_that_others_use_keeps_an_answer(answers: dict[str, HttpResponse]) -> None:
    kept = {name: one["Cache-Control"] for name, one in answers.items()}
    assert {name: told for name, told in kept.items() if not {"private", "no-store"} & set(told.split(", "))} == {}


@pytest.mark.usefixtures("quick_hashing")
def test_cookies_are_for_this_host_and_no_script(db: None) -> None:
    person = person_of("support")
    person.set_password("correct horse battery staple")
    person.save()
    client = Client()
    client.post("/login/", {"username": "support", "password": "correct horse battery staple"})
    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["domain"], cookie["path"]) == (True, "Lax", "", "/")


def test_a_broken_page_is_held_back_too(logged_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.pages.status.status_page", lambda *_, **__: 1 / 0)
    client = logged_in("support")
    client.raise_request_exception = False
    answer = client.get("/status/")
    assert answer.status_code == 500
    assert policy_of(answer)["default-src"] == ["'none'"]
    assert "no-store" in answer["Cache-Control"]
