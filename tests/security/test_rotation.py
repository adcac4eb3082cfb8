"""Each key can be changed while everything goes on: what was made with the former one counts, and then no longer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.contrib.auth.models import User
from django.test import Client
from psycopg import sql

from recon.actions.verify_audit import Checkpoint, sign_checkpoint, verify_audit
from recon.apply.record import Entry, record
from recon.sandbox.cluster import Sandbox
from recon.sandbox.provision import engine_role
from recon.stores.base import Scope
from recon.stores.cf_prod import CfProd
from tests.inspector.conftest import person_of
from tests.support.tokens import bearer

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, tzinfo=UTC)
OLD, NEW = "o" * 60, "n" * 60


@pytest.fixture
def person() -> User:
    return person_of("support")


def rotate(settings: Any, *fallbacks: str) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, list(fallbacks)


@pytest.fixture
def browser(settings: Any, person: User) -> Client:
    """Logged in while the old key was in force."""
    settings.SECRET_KEY = OLD
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert client.get("/keys/").status_code == 200
    return client


def test_a_session_goes_on_and_is_of_the_new_key_from_its_next_page_on(browser: Client, settings: Any) -> None:
    rotate(settings, OLD)
    assert browser.get("/keys/").status_code == 200
    rotate(settings)
    assert browser.get("/keys/").status_code == 200


def test_without_the_former_key_one_logs_in_again(browser: Client, settings: Any) -> None:
    rotate(settings)
    assert browser.get("/keys/").headers["Location"].startswith("/login/")


def test_a_form_that_was_open_meanwhile_can_be_sent(browser: Client, settings: Any) -> None:
    token = browser.get("/password/").context["csrf_token"]
    rotate(settings, OLD)
    assert browser.post("/password/", {"csrfmiddlewaretoken": str(token)}).status_code == 200


def test_tokens_of_programs_depend_on_no_key(settings: Any) -> None:
    settings.SECRET_KEY = OLD
    program = bearer("read")
    rotate(settings)
    assert program.get("/api/v1/drift/").status_code == 200


def signed(key: str) -> Checkpoint:
    record(Entry(actor="user:ada", action="test.done", reason="because"))
    checkpoint = sign_checkpoint(installation="test", key=key.encode(), now=NOW)
    assert checkpoint is not None
    return checkpoint


def test_checkpoints_of_the_former_key_still_prove_the_audit() -> None:
    checkpoints = [signed(OLD), signed(NEW)]
    found = verify_audit(checkpoints, key=NEW.encode(), older_keys=[OLD.encode()])
    assert (found.is_sound, found.checkpoints, found.by_older_keys) == (True, 2, 1)
    assert "signature is not ours" in verify_audit(checkpoints, key=NEW.encode()).problem


@pytest.fixture
def changed_password(sandbox: Sandbox) -> Iterator[str]:
    """The URL of a store whose role has another password than its former one, and that one again afterwards."""
    url = sandbox.env()["CF_PROD_URL"]
    former = urlsplit(url).password or ""
    alter = sql.SQL("ALTER ROLE {} PASSWORD {}")
    role = sql.Identifier(engine_role("cf_prod"))
    with psycopg.connect(sandbox.env()["SANDBOX_ADMIN_URL"], autocommit=True) as admin:
        admin.execute(alter.format(role, sql.Literal(NEW)))
        yield url.replace(former, NEW)
        admin.execute(alter.format(role, sql.Literal(former)))


def test_a_stores_former_password_opens_no_new_connection_and_closes_none(
    request: pytest.FixtureRequest, sandbox: Sandbox
) -> None:
    url, scope = sandbox.env()["CF_PROD_URL"], Scope.of("acc_1")
    connected = CfProd(url)
    assert connected.read(scope).ok
    anew = request.getfixturevalue("changed_password")
    assert [connected.read(scope).ok, CfProd(url).read(scope).ok, CfProd(anew).read(scope).ok] == [True, False, True]
