"""Secrets and data: what production refuses, what no log line holds, and how far a password reaches."""

import io
import json
import logging
import sys
import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as configured
from django.test import Client
from psycopg.conninfo import make_conninfo

from recon.log_lines import JsonLines, ScrubbedLines, scrubbed
from recon.stores.connections import Connections, Patience
from tests.security.production import ENVIRONMENT, in_production
from tests.support.commands import ROOT
from tests.support.tokens import SECRET, token_of

CHECK = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
SERVE = ("-c", "import inspector.wsgi")
WORK = ("-m", "celery", "-A", "recon.celery", "worker", "--pool=solo")


def test_the_settings_of_a_company_are_clean(tmp_path: Path) -> None:
    (tmp_path / "staticfiles.json").touch()  # collectstatic was run
    checked = in_production(*CHECK, STATIC_ROOT=str(tmp_path))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == "System check identified no issues (0 silenced).\n"


@pytest.mark.parametrize("command", [CHECK, SERVE, WORK], ids=["check", "serve", "work"])
def test_production_refuses_what_everybody_knows(command: tuple[str, ...]) -> None:
    refused = in_production(*command, SECRET_KEY="", DEBUG="true")
    assert refused.returncode != 0
    assert "SECRET_KEY is the default that everybody knows" in refused.stderr
    assert "DEBUG is on" in refused.stderr


def test_production_serves_over_tls_alone() -> None:
    """What a browser is told there, and with which options our own database is spoken to."""
    code = """
import json, sys
from inspector.wsgi import application
from django.conf import settings
from django.db import connections
from django.test import Client
site = {"headers": {"Host": "inspector.example.com"}}
seen, plain = Client().get("/healthz", secure=True, **site), Client().get("/healthz", **site)
told = connections.create_connection("default").get_connection_params()
json.dump({
    "hsts": seen["Strict-Transport-Security"], "plain": [plain.status_code, plain["Location"]],
    "cookies": [settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SESSION_COOKIE_NAME],
    "tls": [told["sslmode"], told["sslrootcert"]],
}, sys.stdout)
"""
    url = f"{ENVIRONMENT['DATABASE_URL']}&sslrootcert=/etc/ca.pem"
    assert json.loads(in_production("-W", "ignore", "-c", code, DATABASE_URL=url).stdout) == {
        "hsts": "max-age=31536000; includeSubDomains; preload",
        "plain": [301, "https://inspector.example.com/healthz"],
        "cookies": [True, True, "__Host-sessionid"],
        "tls": ["verify-full", "/etc/ca.pem"],
    }


@pytest.mark.parametrize(
    "secret",
    [
        "postgres://engine:hunter2@db.example.com/cf_prod",
        "rediss://:hunter2@redis.example.com/0",
        "recon_0123456789ab_hunter2",
        "Authorization: Bearer hunter2",
        "sk_live_hunter2",
        "rk_test_hunter2",
        "whsec_hunter2",
        "hunter2@example.com",
        "jane.doe+hunter2@mail.example.co.uk",
        "DETAIL:  Failing row contains (1, hunter2).",
    ],
)
def test_no_line_holds_a_secret_or_an_address(secret: str) -> None:
    said = f"it failed:\n{secret}\nand went on with acc_1"
    record = logging.makeLogRecord({"name": "recon.x", "msg": said, "told": {"why": [said]}, "exc_info": _broke(said)})
    for line in (scrubbed(said), JsonLines().format(record)):
        assert "hunter2" not in line
        assert "acc_1" in line


def _broke(words: str) -> Any:
    """As `sys.exc_info` has it."""
    try:
        raise RuntimeError(words)
    except RuntimeError:
        return sys.exc_info()


def test_a_name_with_line_ends_forges_no_line() -> None:
    record = logging.LogRecord("recon", logging.WARNING, "", 1, "who: %s", ("eve\r\n2026 INFO all is well",), None)
    assert ScrubbedLines("%(message)s").format(record) == r"who: eve\r\n2026 INFO all is well"


def test_every_handler_writes_such_lines() -> None:
    assert {handler["formatter"] for handler in configured.LOGGING["handlers"].values()} <= {"json", "text"}
    written_by = {name: formatter["()"] for name, formatter in configured.LOGGING["formatters"].items()}
    assert written_by == {"json": "recon.log_lines.JsonLines", "text": "recon.log_lines.ScrubbedLines"}


CANARY = "canary-hunter2"


@pytest.fixture
def written() -> Any:
    """Every line of every logger, down to DEBUG, as the handlers write it: as text, and as JSON."""
    lines = io.StringIO()
    handlers = [logging.StreamHandler(lines) for _ in range(2)]
    root = logging.getLogger()
    level = root.level
    for handler, formatter in zip(handlers, (ScrubbedLines("%(name)s %(message)s"), JsonLines()), strict=True):
        handler.setFormatter(formatter)
        root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    for handler in handlers:
        root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.django_db
def test_what_is_sent_is_in_no_line_and_on_no_page_of_an_error(
    support: Client, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything that names a person or opens a door, through what succeeds, what is refused and what breaks."""
    mail = f"{CANARY}@example.com"
    support.get("/search/", {"q": mail})
    support.post("/login/", {"username": mail, "password": CANARY})
    Client(headers={"authorization": f"Bearer recon_{CANARY}"}).get("/api/v1/accounts/", {"q": mail})
    Client(headers={"authorization": f"Bearer {token_of('read')}"}).get("/api/v1/accounts/", {"q": mail})
    Client().post("/api/v1/webhooks/stripe/", json.dumps({"id": mail}), content_type="application/json")
    monkeypatch.setattr("inspector.pages.status.status_page", _breaks)
    support.raise_request_exception = False
    broken = support.get("/status/", {"q": mail})
    assert broken.status_code == 500
    page = broken.content.decode()
    assert "Something broke" in page
    assert all(words not in page for words in ("Traceback", "RuntimeError", CANARY, configured.SECRET_KEY))
    assert "RuntimeError" in written.getvalue()
    assert all(words not in written.getvalue() for words in (CANARY, SECRET, configured.SECRET_KEY))


def _breaks(*_: object, **__: object) -> None:
    raise RuntimeError(f"could not reach postgres://engine:{CANARY}@db.example.com, asked by {CANARY}@example.com")


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_a_store_that_cannot_prove_itself_is_not_spoken_to(mode: str) -> None:
    """The sandbox's server has no certificate."""
    url = make_conninfo(configured.STORES["cf_prod"], sslmode=mode, sslrootcert="/nowhere/ca.pem")
    with pytest.raises(psycopg.OperationalError, match="SSL"):
        Connections(url, Patience()).fresh()


def test_every_package_is_pinned_by_its_hash() -> None:
    """`make audit` asks whether any of them has a known hole."""
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    fetched = [one for one in locked if "registry" in one["source"]]
    assert len(fetched) == len(locked) - 1  # all but ourselves
    files = [
        (one["name"], file) for one in fetched for file in [*one.get("wheels", []), *filter(None, [one.get("sdist")])]
    ]
    assert {name for name, _ in files} == {one["name"] for one in fetched}
    assert [name for name, file in files if not file["hash"].startswith("sha256:")] == []
