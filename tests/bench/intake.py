"""Stripe's webhooks: ours beside dj-stripe, the Stripe sync engine and a bare view; the same events and PostgreSQL."""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

import psycopg
import stripe
from django.conf import settings

from recon.models import Inbox, InboxMark, StripeObject
from tests.bench.apart import LeftOut
from tests.bench.dj_stripe_server import ENDPOINT as DJ_STRIPE
from tests.bench.dj_stripe_server import served_dj_stripe
from tests.bench.figure import Figure
from tests.bench.rounds import compared
from tests.bench.serving import Endpoint, Request, Sent, send, served
from tests.bench.sync_engine_server import ENDPOINT as SYNC_ENGINE
from tests.bench.sync_engine_server import served_sync_engine

BARE_TABLE = "create table if not exists bare_event (id text primary key, body jsonb not null)"
CUSTOMERS = 500
DJ_STRIPES_SHARE = 5  # a fifth of the events: it takes long enough
OURS = Endpoint("ours", "inspector.wsgi:application", "/api/v1/webhooks/stripe/")
BARE = Endpoint("a bare view", "tests.bench.bare:application", "/")
GOALS = {BARE: 0.6, DJ_STRIPE: 10.0, SYNC_ENGINE: 1.0}
PEERS = {DJ_STRIPE: served_dj_stripe, SYNC_ENGINE: served_sync_engine}


def figures(events: int, rounds: int, *, with_peers: bool) -> Iterator[Figure]:
    """The endpoints take turns, so that the machine's load meets all; the first round warms them up."""
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as conn:
        conn.execute(BARE_TABLE)
    bodies = _customers()
    with ExitStack() as stack:
        ports = {endpoint: stack.enter_context(served(endpoint)) for endpoint in (OURS, BARE)}
        if with_peers:
            ports |= _peers(stack)
        seen: dict[Endpoint, list[Sent]] = {endpoint: [] for endpoint in ports}
        for number in range(rounds + 1):
            for endpoint, port in ports.items():
                count = events // DJ_STRIPES_SHARE if endpoint is DJ_STRIPE else events
                seen[endpoint].append(send(port, endpoint.path, _requests(bodies, number, count)))
    _hold(seen[OURS])
    for endpoint in list(ports)[1:]:
        yield compared("webhook: kept, and its account marked", "events", seen, OURS, endpoint, GOALS[endpoint])


def _peers(stack: ExitStack) -> dict[Endpoint, int]:
    ports = {}
    for endpoint, served_peer in PEERS.items():
        try:
            ports[endpoint] = stack.enter_context(served_peer())
        except LeftOut as error:
            print(error, file=sys.stderr)
    return ports


def _hold(rounds: Sequence[Sent]) -> None:
    """Every event that was acknowledged is there, and found its account: else the figure is of something else."""
    said = sum(one.succeeded for one in rounds)
    kept, routed = Inbox.objects.count(), InboxMark.objects.values("event").distinct().count()
    assert kept == routed >= said, f"{said} events were acknowledged, {kept} are kept, {routed} marked an account"


def _customers() -> list[Mapping[str, object]]:
    """Those whose account is known, as Stripe has them."""
    linked = StripeObject.objects.filter(kind="customers").exclude(account_id=None).order_by("id")
    ids = list(linked.values_list("id", flat=True)[:CUSTOMERS])
    with psycopg.connect(os.environ["STRIPE_TWIN_DATABASE_URL"]) as conn:
        return [body for (body,) in conn.execute("select body from objects where id = any(%s)", [ids])]


def _requests(bodies: Sequence[Mapping[str, object]], number: int, count: int) -> list[Request]:
    return [request(f"evt_{number}_{n}", bodies[n % len(bodies)]) for n in range(count)]


def request(event_id: str, customer: Mapping[str, object]) -> Request:
    text = json.dumps(
        {
            "id": event_id,
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(time.time()),
            "data": {"object": customer, "previous_attributes": {"balance": 1}},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": "req_1", "idempotency_key": None},
            "type": "customer.updated",
        }
    )
    header = stripe.WebhookSignature.generate_signature_header(text, settings.STRIPE_WEBHOOK_SECRETS[0])
    return Request(body=text.encode(), headers={"Content-Type": "application/json", "Stripe-Signature": header})
