"""Somebody who signs as Stripe does, and what the stores said before."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import stripe
from django.test import Client

from tests.actions.conftest import sweeper_at, told
from tests.support.twin import twin, twin_server

__all__ = ["sweeper_at", "told", "twin", "twin_server"]

SECRET = "whsec_first"
NEXT_SECRET = "whsec_next"
WEBHOOK = "/api/v1/webhooks/stripe/"
STORE_EVENTS = "/api/v1/store-events/"


@pytest.fixture(autouse=True)
def secrets(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = (SECRET, NEXT_SECRET)
    settings.STRIPE_LIVEMODE = False
    settings.STORE_EVENT_SECRETS = {"billing_prod": ["ledger-old", "ledger-new"], "cf_prod": ["access"]}


def event(event_id: str = "evt_1", **changes: Any) -> dict[str, Any]:
    """An invoice of customer cus_1 was paid."""
    return {
        "id": event_id,
        "object": "event",
        "type": "invoice.paid",
        "created": 1_774_000_000,
        "livemode": False,
        "pending_webhooks": 1,
        "data": {"object": {"id": "in_1", "object": "invoice", "customer": "cus_1"}},
        **changes,
    }


def event_text(event_id: str = "evt_1", **changes: Any) -> str:
    return json.dumps(event(event_id, **changes))


def signed(body: str, *, secret: str = SECRET, age: int = 0) -> str:
    """The header of Stripe's own library; `age` in seconds."""
    return stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()) - age)


def post(body: object, header: str | None = None, **extra: Any) -> Any:
    """The answer to a webhook; signed as it should be, unless a header is given."""
    text = body if isinstance(body, str) else json.dumps(body)
    header = signed(text) if header is None else header
    return Client().post(WEBHOOK, text, content_type="application/json", headers={"stripe-signature": header}, **extra)


def tell(body: object, secret: str = "ledger-new") -> Any:
    """The answer to events of a store."""
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"authorization": f"Bearer {secret}"}
    return Client().post(STORE_EVENTS, text, content_type="application/json", headers=headers)


@pytest.fixture
def linked(db: None) -> Callable[..., None]:
    """`linked("acc_1", "cus_1")`: the stores know the account by these ids."""
    from recon.models import AccountHandles

    def link(account_id: str, *ids: str) -> None:
        AccountHandles.objects.create(account_id=account_id, ids=sorted({account_id, *ids}))

    return link
