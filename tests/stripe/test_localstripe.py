"""A third party's Stripe vouches for the reader: the older shapes, plans instead of prices, no idempotency."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from recon.engine.answer import answer
from recon.engine.case import read_case
from recon.engine.pipeline import recompute
from recon.stores.base import CallOutcome, Scope
from recon.stores.stripe import StripeApi, StripeStore
from tests.support.twin import QUICK

ROOT = Path(__file__).resolve().parents[2]
CARD = {"number": "4242424242424242", "exp_month": "12", "exp_year": "2040", "cvc": "123"}


@pytest.fixture(scope="module")
def store():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [sys.executable, "-u", "-m", "tests.support.localstripe", "--port", str(port), "--from-scratch"]
    child = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert any("Running on" in line for line in child.stdout)
        yield StripeStore(StripeApi("sk_test_12345", f"http://127.0.0.1:{port}", patience=QUICK, sleep=lambda _: None))
    finally:
        child.kill()
        child.communicate()


@pytest.fixture
def subscriber(store):
    """The ids of a customer with a card who has just subscribed and paid, and of the subscription."""

    def post(path, **params):
        return store.api.client.raw_request("post", f"/v1/{path}", **params).data

    customer = post("customers", metadata={"account_id": "acc_1"})["id"]
    card = post("payment_methods", type="card", card=CARD)["id"]
    post(f"payment_methods/{card}/attach", customer=customer)
    post(f"customers/{customer}", invoice_settings={"default_payment_method": card})
    plan = post("plans", id=f"pro_{customer}", amount=4900, currency="usd", interval="month", product={"name": "Pro"})
    subscription = post("subscriptions", customer=customer, items=[{"plan": plan["id"]}])
    return customer, subscription["id"]


def read(store, *customers, invoices=()):
    return store.read(Scope("acc_1", ("acc_1",), customers, tuple(invoices)))


def test_an_account_is_read_whole(store, subscriber):
    customer, subscription = subscriber

    reading = read(store, customer, "cus_unknown", invoices=["in_unknown"])

    assert reading.reason is None
    assert {name: len(objects) for name, objects in reading.tables.items()} == {
        "customers": 1,
        "subscriptions": 1,
        "invoices": 1,
        "payment_intents": 1,
        "charges": 1,
        "disputes": 0,
    }
    assert reading.tables["invoices"][0]["subscription"] == subscription


def test_the_engine_understands_what_was_read(store, subscriber):
    customer, subscription = subscriber
    reading = read(store, customer)
    stores = {
        "subs_account": {"accounts": [{"account_id": "acc_1", "status": "open"}]},
        "subs_customer": {
            "customers": [{"account_id": "acc_1", "stripe_customer_id": customer, "email": "a@example.com"}],
            "customer_aliases": [],
        },
        "subs_dunning": {"dunning": [], "balances": [], "intents": []},
        "billing_prod": {"invoices": [], "payments": [], "adjustments": [], "contracts": [], "account_flags": []},
        "cf_prod": {"entitlements": [], "blocks": []},
        "stripe": reading.tables,
    }
    case = read_case({"account_id": "acc_1", "now": reading.as_of.isoformat(), "stores": stores})

    said = answer(recompute(case.facts, case.policy, case.now))

    assert said["verdict"] == "known"
    assert said["truth"]["state"] == "clear"
    assert said["truth"]["primary_subscription_id"] == subscription
    assert said["truth"]["has_payment_method"] is True
    assert said["truth"]["has_no_successful_payment"] is False


def test_lists_are_read_page_by_page(store, subscriber):
    customer, _ = subscriber

    pages = list(store.list_all("customers"))

    assert customer in [one["id"] for page in pages for one in page]


def test_metadata_is_updated(store, subscriber):
    call = ("customers.update", subscriber[0], {"metadata": {"debt_state": "grace"}})

    assert store.call(*call, "k1").outcome is CallOutcome.DONE
    assert store.wanted_state_reached(*call) is True


def test_a_subscription_is_canceled(store, subscriber):
    call = ("subscriptions.cancel", subscriber[1], {})

    assert store.call(*call, "k1").outcome is CallOutcome.DONE
    assert store.wanted_state_reached(*call) is True


def test_a_paid_invoice_is_not_voided(store, subscriber):
    invoice = read(store, subscriber[0]).tables["invoices"][0]["id"]
    call = ("invoices.void_invoice", invoice, {})

    assert store.call(*call, "k1").outcome is CallOutcome.REFUSED
    assert store.wanted_state_reached(*call) is False


def test_a_call_that_this_stripe_does_not_have_is_not_taken_for_refused(store, subscriber):
    invoice = read(store, subscriber[0]).tables["invoices"][0]["id"]

    assert store.call("invoices.mark_uncollectible", invoice, {}, "k1").outcome is CallOutcome.UNKNOWN
