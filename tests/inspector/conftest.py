"""People of every role, logged in, and accounts that the real rules evaluated."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from tests.support.kept import golden, keep_case


@pytest.fixture
def quick_hashing(settings) -> None:
    """Passwords cost next to nothing to try, for tests that try many."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def logged_in(db: None) -> Callable[[str], Client]:
    """`logged_in("support")` is a browser of that person."""

    def browser(role: str) -> Client:
        client = Client()
        client.force_login(person_of(role))
        return client

    return browser


def person_of(role: str) -> User:
    """Somebody of that role; hashing no password keeps a test short."""
    group, _ = Group.objects.get_or_create(name=role)
    person, _ = User.objects.get_or_create(username=role)
    person.groups.add(group)
    return person


@pytest.fixture
def support(logged_in: Callable[[str], Client]) -> Client:
    return logged_in("support")


@pytest.fixture
def keep(db: None) -> Callable[..., str]:
    """`keep("drift/flagged_but_paid")` keeps that golden case; the account's id."""
    return lambda name, **options: keep_case(golden(name), **options)
