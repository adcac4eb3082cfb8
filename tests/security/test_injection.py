"""SQL stays a value wherever somebody can write one, no identifier comes from outside, and no address is fetched."""

import ast
import socket
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from inspector.access import SIGNED
from recon.bootstrap import DATABASE_STORES
from tests.inspector.test_access import ROWS
from tests.security.tables import OF_EVERY_REQUEST, fingerprint
from tests.security.test_requests import account, browser
from tests.support.commands import ROOT
from tests.support.tokens import bearer

__all__ = ["account"]

SQL: Final = (
    "' or 1=1 --",
    "'; drop table apply; select '",
    "1) union select secret_hash from api_token --",
    "x' and pg_sleep(30) is null --",
    "\\'; copy audit to program 'id' --",
    "%' escape '",
    "${1} %(account)s {0}",
    "’ ＇ or 1=1",
)
QUEUE: Final = (
    *("class", "detail", "state", "finding", "verdict", "drift", "age", "claimed", "snoozed", "accepted", "sort"),
    *("cluster", "currency", "amount", "after"),
)
PARAMETERS: Final = {
    "/": ("over",),
    "/search/": ("q",),
    "/accounts/": QUEUE,
    "/accounts.csv": QUEUE,
    "/accounts/acc_1/": ("only", "facts", "cell", "timeline", "before"),
    "/cases/": ("part", "choice", "owner", "after"),
    "/cases.csv": ("part", "choice", "owner"),
    "/bulk/": ("below",),
    "/audit/": ("actor", "action", "account", "words", "since", "until", "apply", "request", "outcome", "after"),
    "/audit.csv": ("actor", "action", "account", "words", "since", "until", "apply", "request"),
    "/audit/look-ups/": ("actor", "account", "after"),
    "/failed/": ("of", "kind", "status", "source", "why", "after"),
    "/relapses/": ("of", "place", "account", "after"),
    "/policy/change/": ("from",),
    "/login/": ("next", "ended"),
}
EXPORTED: Final = OF_EVERY_REQUEST | {"audit", "audit_head"}  # a file that somebody takes is in the audit
IN_PATHS: Final = (
    "/accounts/{}/",
    "/accounts/{}/convergence/",
    "/api/v1/accounts/{}/",
    "/api/v1/accounts/{}/entitlement/",
)


def test_sql_in_any_parameter_of_a_page_is_only_a_value(account: str) -> None:
    admin = browser()
    before = fingerprint(EXPORTED)
    for (address, names), text in product(PARAMETERS.items(), SQL[::3]):
        for name in names:
            assert admin.get(address, {name: text}).status_code < 500, (address, name, text)
    assert fingerprint(EXPORTED) == before


def test_sql_in_any_parameter_of_a_call_is_only_a_value(account: str) -> None:
    schema = bearer("read", "audit").get("/api/schema/", headers={"accept": "application/json"}).json()
    asked = [
        (path.replace("{account_id}", "acc_1"), one["name"])
        for path, calls in schema["paths"].items()
        for one in calls.get("get", {}).get("parameters", ())
        if one["in"] == "query" and "run_id" not in path
    ]
    assert len(asked) > 25
    reader, before = bearer("read", "audit", name="all"), fingerprint()
    for (path, name), text in product(asked, SQL):
        assert reader.get(path, {name: text}).status_code in {200, 400, 401, 403, 404}, (path, name, text)
    assert fingerprint() == before


def test_sql_in_an_address_names_nobody(account: str) -> None:
    clients = {"/accounts": browser(), "/api/v1/": bearer("read")}
    for place, text in product(IN_PATHS, SQL):
        client = next(one for start, one in clients.items() if place.startswith(start))
        assert client.get(place.format(quote(text, safe=""))).status_code == 404, (place, text)


def test_every_name_that_a_store_is_asked_by_is_one_of_ours() -> None:
    """Tables and columns stand in the code, or in the store mapping, which quotes them: no row or form names one."""
    for store in DATABASE_STORES:
        for table in store.tables:
            for name in (table.name, *table.columns, *table.key, *table.derived):
                assert name.isascii(), name
                assert name.isidentifier(), name
                assert len(name) < 64, name


REACHES_OUT: Final = frozenset(
    {"requests", "urllib.request", "http.client", "httpx", "aiohttp", "socket", "stripe", "urllib3"}
)
MAY: Final = {  # and where each of them gets its address from
    "inspector/openid.py",  # OIDC_ISSUER
    "inspector/probe.py",  # the command line of the container's own health check
    "recon/silence.py",  # nowhere: names of a socket's options alone
    "inspector/api/signature.py",  # nowhere: Stripe's verifier alone
    "recon/stores/stripe/calls.py",  # STRIPE_API_BASE, or Stripe
    "recon/stores/stripe/client.py",
    "recon/stores/stripe/wire.py",
    "recon/stores/stripe/errors.py",  # nowhere: Stripe's errors alone
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_only_who_knows_the_address_beforehand_reaches_out() -> None:
    files = [
        path for top in ("recon", "inspector") for path in (ROOT / top).rglob("*.py") if "sandbox" not in path.parts
    ]
    reaching = {str(path.relative_to(ROOT)) for path in files if REACHES_OUT.intersection(imports(path))}
    assert reaching == MAY


def test_no_address_in_a_form_a_call_or_an_event_is_fetched(account: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        names = (
            "reason",
            "text",
            "q",
            "url",
            "webhook",
            "callback",
            "reference",
            "purpose",
            "queue",
            "next",
            "iss",
            "code",
        )
        sent: dict[str, Any] = dict.fromkeys(names, address)
        admin, job = browser(), bearer("read", "repair", "bulk")
        for row in ROWS.values():
            if "post" in row.answers and row.need != SIGNED:
                admin.post(row.address, sent)
            admin.get(row.address, sent)
            job.post(row.address, sent, content_type="application/json")
        with pytest.raises(BlockingIOError):
            listener.accept()
