"""Whatever is sent: an answer of ours, never a traceback, and nothing written that was not believed.

`make fuzz` sends far more of it.
"""

import json
import os
import time

import pytest
import stripe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon.models import Inbox
from tests.api.conftest import SECRET, STORE_EVENTS, WEBHOOK, event
from tests.support.clients import one_of_many

pytestmark = pytest.mark.django_db

many = settings(
    max_examples=int(os.environ.get("BAD_INPUTS", "200")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
# What a WSGI server lets through in a header.
header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=200)
headers = st.one_of(
    header_text,
    st.builds("t={},v1={}".format, header_text, header_text),
    st.builds("t={},v1={}".format, st.integers(), st.text("0123456789abcdef", max_size=64)),
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
objects = st.dictionaries(
    st.sampled_from(["id", "object", "customer", "charge", "payment_intent", "invoice", "metadata"]), values
)
events = st.fixed_dictionaries(
    {},
    optional={
        "id": st.just("evt_1") | values,
        "type": st.just("invoice.paid") | values,
        "livemode": st.booleans() | values,
        "created": st.integers() | values,
        "account": values,
        "context": values,
        "data": st.fixed_dictionaries({"object": objects}) | values,
        "related_object": objects | values,
    },
)
store_event = st.fixed_dictionaries(
    {},
    optional={
        "store": st.sampled_from(["billing_prod", "stripe"]) | values,
        "event_id": st.text(max_size=5) | values,
        "account_id": st.text(max_size=5) | values,
        "occurred_at": st.sampled_from(["2026-03-20T12:00:00Z", "0001-01-01T00:00:00+14:00"]) | values,
        "more": values,
    },
)


def signature(body: bytes) -> str:
    try:
        return stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET, int(time.time()))
    except UnicodeDecodeError:
        return ""


def send(address: str, body: bytes, **headers: str) -> int:
    answer = one_of_many().generic("POST", address, body, content_type="application/json", headers=headers)
    assert answer.status_code < 500, (body, headers)
    assert answer["Content-Type"] == ("application/json" if answer.status_code < 300 else "application/problem+json")
    return answer.status_code


@many
@given(body=st.binary(max_size=500), header=headers)
def test_bytes_and_headers_of_anybody(body, header):
    assert send(WEBHOOK, body, stripe_signature=header) == 400
    assert not Inbox.objects.exists()


@many
@given(body=st.binary(max_size=500) | values.map(lambda value: json.dumps(value).encode()))
def test_signed_nonsense(body):
    assert send(WEBHOOK, body, stripe_signature=signature(body)) == 400
    assert not Inbox.objects.exists()


@many
@given(changes=events)
def test_signed_events_of_any_shape(changes):
    body = json.dumps({**event(), **changes}).encode()
    assert send(WEBHOOK, body, stripe_signature=signature(body)) in (200, 400)


@many
@given(body=st.one_of(store_event, st.lists(store_event, max_size=3), values), secret=st.just("ledger-new"))
def test_store_events_of_any_shape(body, secret):
    send(STORE_EVENTS, json.dumps(body).encode(), authorization=f"Bearer {secret}")


@many
@given(body=st.binary(max_size=200), header=header_text)
def test_store_events_of_anybody(body, header):
    assert send(STORE_EVENTS, body, authorization=header) == 401
    assert not Inbox.objects.exists()
