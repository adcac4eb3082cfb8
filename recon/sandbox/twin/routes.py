"""Paths of Stripe's API that the twin answers, and how."""

from collections.abc import Callable, Mapping
from typing import Any

from psycopg import Connection
from werkzeug.routing import Map, Rule

from recon.sandbox.twin.changes import (
    Change,
    cancel_subscription,
    mark_uncollectible,
    pay_invoice,
    update_customer,
    void_invoice,
)
from recon.sandbox.twin.forms import Params
from recon.sandbox.twin.lists import FILTERS

ChangeCall = Callable[[Connection[Any], str, Params, str | None], Change]

CHANGES: Mapping[str, ChangeCall] = {
    "cancel_subscription": cancel_subscription,
    "mark_uncollectible": mark_uncollectible,
    "pay_invoice": pay_invoice,
    "update_customer": update_customer,
    "void_invoice": void_invoice,
}


def routes() -> Map:
    """Endpoints are ("list", kind), ("retrieve", kind) or ("change", name)."""
    rules = [
        Rule(
            "/v1/customers/<object_id>",
            endpoint=("change", "update_customer"),
            methods=["POST"],
        ),
        Rule(
            "/v1/invoices/<object_id>/pay",
            endpoint=("change", "pay_invoice"),
            methods=["POST"],
        ),
        Rule(
            "/v1/invoices/<object_id>/void",
            endpoint=("change", "void_invoice"),
            methods=["POST"],
        ),
        Rule(
            "/v1/invoices/<object_id>/mark_uncollectible",
            endpoint=("change", "mark_uncollectible"),
            methods=["POST"],
        ),
        Rule(
            "/v1/subscriptions/<object_id>",
            endpoint=("change", "cancel_subscription"),
            methods=["DELETE"],
        ),
    ]
    for kind in FILTERS:
        rules.append(Rule(f"/v1/{kind}s", endpoint=("list", kind), methods=["GET"]))
        rules.append(Rule(f"/v1/{kind}s/<object_id>", endpoint=("retrieve", kind), methods=["GET"]))
    return Map(rules, strict_slashes=False)
