"""What is seeded into the twin is Stripe's too: the newer shape by the package's annotations, the older one apart."""

from datetime import UTC, datetime

import stripe

from recon.engine.facts import StoreName
from recon.sandbox.population import generate
from tests.support.stripe_types import faults_of

CLASSES = {
    "charges": stripe.Charge,
    "credit_notes": stripe.CreditNote,
    "customers": stripe.Customer,
    "disputes": stripe.Dispute,
    "invoice_payments": stripe.InvoicePayment,
    "invoices": stripe.Invoice,
    "payment_intents": stripe.PaymentIntent,
    "subscriptions": stripe.Subscription,
}
# keys by which an object is known to be of the shape before API version 2025-03-31
OLDER = {
    "charges": "invoice",
    "invoices": "subscription",
    "payment_intents": "invoice",
    "subscriptions": "current_period_end",
}
NEVER_STRIPES = "hibernating"  # the story of a status that nobody knows


def test_every_seeded_object_of_the_newer_shape_is_one_of_the_package():
    seeded = [
        (name, body)
        for episode in generate(150, 1, datetime(2026, 3, 20, tzinfo=UTC))
        for name, objects in episode.tables[StoreName.STRIPE].items()
        for body in objects
    ]
    newer = [(name, body) for name, body in seeded if OLDER.get(name) not in body and not body.get("deleted")]

    faults = [fault for name, body in newer for fault in faults_of(body, CLASSES[name])]

    assert len(newer) > 300
    assert [fault for fault in faults if NEVER_STRIPES not in fault] == []
