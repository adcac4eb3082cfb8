"""The quickest Stripe that there can be, for a peer that asks it about each event: objects from memory, over HTTP.

The twin would do, but for what its own work takes from the processors that the peer is measured on.
"""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

Start = Callable[[str, list[tuple[str, str]]], object]


def _customers() -> dict[str, bytes]:
    with psycopg.connect(os.environ["STRIPE_TWIN_DATABASE_URL"]) as conn:
        rows = conn.execute("select id, body from objects where kind = 'customer'")
        return {object_id: json.dumps(body).encode() for object_id, body in rows}


def _payment_method(object_id: str) -> bytes:
    card = {"brand": "visa", "last4": "4242", "exp_month": 1, "exp_year": 2040}
    method = {"id": object_id, "object": "payment_method", "type": "card", "card": card, "created": 1_700_000_000}
    return json.dumps({**method, "customer": None, "livemode": False, "metadata": {}, "billing_details": {}}).encode()


CUSTOMERS = _customers()


def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    object_id = environ["PATH_INFO"].rpartition("/")[2]
    start("200 OK", [("Content-Type", "application/json"), ("Request-Id", "req_1")])
    return [CUSTOMERS.get(object_id) or _payment_method(object_id)]
