"""The twin's objects are Stripe's: every key and every enum value stands in the pinned package's annotations."""

import pytest
import stripe

from recon.sandbox.twin import objects
from recon.sandbox.twin.changes import API_VERSION as TWIN_VERSION
from recon.stores.stripe import API_VERSION
from tests.support.stripe_types import faults_of

T0 = 1_770_000_000
PRICE = objects.price("price_pro", created=T0, unit_amount=4900, lookup_key="pro", metadata={"plan_code": "pro"})

BUILT = {
    "customer": (stripe.Customer, objects.customer("cus_1", created=T0, metadata={"account_id": "acc_1"})),
    "customer with a method": (
        stripe.Customer,
        objects.customer("cus_1", created=T0, default_payment_method="pm_1", default_source="card_1", email="a@b.test"),
    ),
    "price": (stripe.Price, PRICE),
    "plan": (stripe.Plan, objects.plan(PRICE)),
    "charge": (stripe.Charge, objects.charge("ch_1", customer_id="cus_1", amount=4900, created=T0)),
    "charge, failed": (
        stripe.Charge,
        objects.charge("ch_1", customer_id="cus_1", amount=4900, created=T0, status="failed", disputed=True),
    ),
    "credit note": (
        stripe.CreditNote,
        objects.credit_note("cn_1", invoice_id="in_1", customer_id="cus_1", amount=100, created=T0),
    ),
}
STATUSES = {
    "subscription": (
        "active",
        "canceled",
        "incomplete",
        "incomplete_expired",
        "past_due",
        "paused",
        "trialing",
        "unpaid",
    ),
    "invoice": ("draft", "open", "paid", "uncollectible", "void"),
    "payment_intent": (
        "canceled",
        "processing",
        "requires_action",
        "requires_capture",
        "requires_confirmation",
        "requires_payment_method",
        "succeeded",
    ),
    "dispute": (
        "lost",
        "needs_response",
        "prevented",
        "under_review",
        "warning_closed",
        "warning_needs_response",
        "warning_under_review",
        "won",
    ),
}


@pytest.mark.parametrize("name", BUILT)
def test_a_built_object_is_one_of_the_package(name):
    cls, body = BUILT[name]

    assert faults_of(body, cls) == []


@pytest.mark.parametrize("status", STATUSES["subscription"])
def test_a_subscription_of_any_status_is_one_of_the_package(status):
    body = objects.subscription(
        "sub_1",
        customer_id="cus_1",
        prices=[PRICE, PRICE],
        created=T0,
        status=status,
        trial_end=T0 + 1,
        pause_behavior="void",
        canceled_at=T0 if status == "canceled" else None,
    )

    assert faults_of(body, stripe.Subscription) == []


@pytest.mark.parametrize("status", STATUSES["invoice"])
def test_an_invoice_of_any_status_is_one_of_the_package(status):
    reason = "user_forgiven" if status == "uncollectible" else None
    payment = objects.invoice_payment("inpay_1", invoice_id="in_1", amount=1, created=T0, payment_intent="pi_1")
    body = objects.invoice(
        "in_1",
        customer_id="cus_1",
        created=T0,
        total=4900,
        status=status,
        subscription_id="sub_1",
        uncollectible_reason=reason,
        payments=objects.listing("/v1/invoice_payments?invoice=in_1", [payment]),
    )

    assert faults_of(body, stripe.Invoice) == []


@pytest.mark.parametrize("status", STATUSES["payment_intent"])
def test_a_payment_intent_of_any_status_is_one_of_the_package(status):
    body = objects.payment_intent("pi_1", customer_id="cus_1", amount=4900, created=T0, status=status)

    assert faults_of(body, stripe.PaymentIntent) == []


@pytest.mark.parametrize("status", STATUSES["dispute"])
def test_a_dispute_of_any_status_is_one_of_the_package(status):
    body = objects.dispute("dp_1", charge_id="ch_1", amount=4900, created=T0, status=status)

    assert faults_of(body, stripe.Dispute) == []


@pytest.mark.parametrize("paid_by", [{"payment_intent": "pi_1"}, {"charge": "ch_1"}, {"payment_record": "pr_1"}])
def test_an_invoice_payment_of_any_type_is_one_of_the_package(paid_by):
    body = objects.invoice_payment("inpay_1", invoice_id="in_1", amount=4900, created=T0, **paid_by)

    assert faults_of(body, stripe.InvoicePayment) == []


def test_an_unknown_key_a_wrong_enum_value_and_a_missing_key_are_noticed():
    body = objects.invoice("in_1", customer_id="cus_1", created=T0, total=1, status="settled", subscription="sub_1")
    del body["amount_due"]

    said = " ".join(faults_of(body, stripe.Invoice))

    assert "Invoice.status: 'settled' is none of" in said
    assert "Invoice.subscription: the package knows no such key" in said
    assert "Invoice.amount_due: required, and not there" in said


def test_engine_and_twin_speak_the_version_of_the_package():
    assert API_VERSION == TWIN_VERSION == stripe._api_version._ApiVersion.CURRENT
