"""Logins of our own: who may come in, with which roles; each change in the audit, without the password."""

import io

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from recon.models import AuditEntry

pytestmark = pytest.mark.django_db
GOOD = "correct horse battery"


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch):
    def run(*words: str, password: str = GOOD) -> str:
        out = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        call_command("login", *words, "--reason", "ticket 4711", stdout=out)
        return out.getvalue()

    return run


def comes_in(name: str) -> bool:
    return ModelBackend().authenticate(None, username=name, password=GOOD) is not None


def roles_of(name: str) -> list[str]:
    return sorted(User.objects.get(username=name).groups.values_list("name", flat=True))


def test_the_first_admin_comes_in_by_the_password_that_was_given(login) -> None:
    assert login("ada", "--role", "admin") == "ada: made, admin.\n"
    assert comes_in("ada")
    assert roles_of("ada") == ["admin"]


def test_roles_and_password_change_each_without_the_other(login) -> None:
    login("ada", "--role", "admin")
    assert (
        login("ada", "--role", "support", "--role", "finance", "--keep-password") == "ada: changed, support, finance.\n"
    )
    assert roles_of("ada") == ["finance", "support"]
    assert comes_in("ada")


def test_who_has_no_role_is_shut_out(login) -> None:
    login("ada", "--role", "admin")
    assert login("ada") == "ada: shut.\n"
    assert not comes_in("ada")


@pytest.mark.parametrize(
    ("words", "password", "why"),
    [
        (["sso:ada", "--role", "admin"], GOOD, "Enter a valid username"),
        (["ada", "--role", "admin"], "short", "too short"),
        (["ada", "--role", "admin"], "", "too short"),
        (["ada", "--role", "admin", "--keep-password"], GOOD, "There is no login 'ada'"),
        (["ada"], GOOD, "There is no login 'ada'"),
    ],
)
def test_what_makes_no_login_is_refused_and_nothing_is_made(login, words: list[str], password: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        login(*words, password=password)
    assert not User.objects.exists()


def test_each_change_is_in_the_audit_without_the_password(login) -> None:
    login("ada", "--role", "admin")
    login("ada", "--role", "viewer", "--keep-password")
    told = AuditEntry.objects.order_by("seq").values_list("actor", "action", "reason", "before", "after")
    was = {"user": "ada", "roles": ["admin"], "active": True}
    now = {"user": "ada", "roles": ["viewer"], "active": True}
    assert list(told) == [
        ("terminal:login", "login.set", "ticket 4711", None, {**was, "password": True}),
        ("terminal:login", "login.set", "ticket 4711", was, {**now, "password": False}),
    ]
