"""The Stripe twin as tests use it: the sandbox's own server, emptied for each test."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from recon.sandbox.cluster import Sandbox
from recon.sandbox.twin import state
from recon.stores.stripe import Patience, StripeApi, StripeStore

QUICK = Patience(answer=5.0, first_pause=0.0, longest_pause=0.0)
HURRIED = replace(QUICK, answer=0.3)


def patience_for(fault: str) -> Patience:
    """Only who waits for an answer that never comes is in a hurry; a busy machine must not look like a fault."""
    return HURRIED if fault.startswith("timeout") else QUICK


@dataclass(frozen=True, slots=True)
class TwinUnderTest:
    """Where the twin listens, with which key, and its database."""

    base: str
    key: str
    conn: psycopg.Connection[Any]

    def load(self, **tables: list[dict[str, Any]]) -> None:
        """Stripe objects by list: `customers=[...]`, `invoices=[...]`, …"""
        state.load(self.conn, tables)

    def load_case(self, case: dict[str, Any]) -> None:
        """Stripe's lists of a case, as the contract writes it."""
        state.load(self.conn, case["stores"].get("stripe", {}))

    def load_over(self, kind: str, object_id: str, **changes: Any) -> None:
        """Change an object behind everybody's back."""
        state.store(self.conn, kind, {**self.object(kind, object_id), **changes})
        self.conn.commit()

    def fault(
        self, kind: str, path: str = "/v1/", *, method: str | None = None, times: int = 1, seconds: float = 30
    ) -> None:
        """What befalls the next requests; kinds are those of `recon.sandbox.twin.faults`."""
        asked = {"kind": kind, "path": path, "method": method, "times": times, "seconds": seconds}
        self._control("POST", "/_twin/faults", asked)

    def release(self) -> None:
        """Let go what hangs or is held."""
        self._control("POST", "/_twin/release", {})

    def object(self, kind: str, object_id: str) -> dict[str, Any]:
        """What the twin holds, read behind its back."""
        body = state.find(self.conn, kind, object_id)
        self.conn.rollback()
        assert body is not None
        return body

    def event_types(self) -> list[str]:
        """The types of all events so far, in order: one for each change that took effect."""
        found = self.conn.execute("select body->>'type' from objects where kind = 'event' order by created, id")
        types = [row[0] for row in found]
        self.conn.rollback()
        return types

    def api(self, patience: Patience = QUICK, key: str | None = None) -> StripeApi:
        return StripeApi(key or self.key, self.base, patience=patience, sleep=lambda _: None)

    def store(self, patience: Patience = QUICK, key: str | None = None) -> StripeStore:
        """The engine's store on this twin, with pauses of no length."""
        return StripeStore(self.api(patience, key))

    def calm(self) -> None:
        """Nothing befalls a request any more, and what hung goes on."""
        self._control("DELETE", "/_twin/faults", {})

    def empty(self) -> None:
        """Forget all objects, keys, events and faults."""
        self.calm()
        state.reset(self.conn)

    def _control(self, method: str, path: str, body: dict[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        request = urllib.request.Request(self.base + path, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            answer.read()


@pytest.fixture(scope="session")
def twin_server(sandbox: Sandbox) -> Iterator[TwinUnderTest]:
    sandbox.ensure_started(twin=True)
    env = sandbox.env()
    with psycopg.connect(env["STRIPE_TWIN_DATABASE_URL"]) as conn:
        yield TwinUnderTest(env["STRIPE_API_BASE"], env["STRIPE_API_KEY"], conn)


@pytest.fixture
def twin(twin_server: TwinUnderTest) -> Iterator[TwinUnderTest]:
    """A Stripe without a single object, which answers."""
    twin_server.empty()
    yield twin_server
    twin_server.empty()
