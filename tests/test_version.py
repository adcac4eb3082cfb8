"""One number says which release this is: pyproject.toml's, wherever somebody looks."""

import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.conf import settings
from django.test import Client

from inspector.schema import schema
from recon.stores.stripe import Patience, StripeApi
from tests.inspector.conftest import person_of
from tests.support.tokens import bearer

ROOT = Path(__file__).resolve().parent.parent
HEADING = re.compile(r"^## \[(\d+\.\d+\.\d+)\]", re.MULTILINE)


def test_the_newest_entry_of_the_changelog_is_this_release() -> None:
    assert HEADING.findall((ROOT / "CHANGELOG.md").read_text())[0] == settings.VERSION


def test_the_terminal_tells_it() -> None:
    done = subprocess.run([sys.executable, "manage.py", "--version"], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == f"{settings.VERSION}\n"


@pytest.mark.django_db
def test_machines_are_told_it() -> None:
    scrape = bearer("read").get("/metrics").content.decode()
    assert f'recon_build_info{{version="{settings.VERSION}"}} 1.0\n' in scrape
    assert Client().get("/healthz").content.decode() == f"ok {settings.VERSION}\n"
    assert schema()["info"]["version"] == settings.VERSION


@pytest.mark.django_db
def test_people_see_it_at_the_foot_and_in_the_name_of_the_audits_file() -> None:
    browser = Client()
    browser.force_login(person_of("admin"))
    assert f"Recon {settings.VERSION}</span>" in browser.get("/keys/").content.decode()
    assert f"recon-{settings.VERSION}.csv" in browser.get("/audit.csv").headers["Content-Disposition"]


def test_stripe_is_told_it_with_each_request() -> None:
    heard: list[str] = []

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers["User-Agent"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"data": [], "has_more": false}')

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Ear) as server:
        Thread(target=server.handle_request).start()
        base = f"http://127.0.0.1:{server.server_port}"
        api = StripeApi("sk_test_x", base, version=settings.VERSION, patience=Patience(tries=1))
        api.page("/v1/customers", {}, api.deadline())
    assert heard[0].endswith(f" Recon/{settings.VERSION}")
