"""Complete Stripe objects of the pinned API version (2026-10-28.endive), made from the few facts that matter here.

Every builder returns a plain JSON object: amounts in minor units, `created` and all other moments in Unix seconds.
`**more` replaces whole top-level keys last. `tests/stripe/test_twin_objects.py` holds every key and every enum value
against the `stripe` package's own annotations. An invoice's payments are objects of their own (`invoice_payment`).
"""

from recon.sandbox.twin.invoices import (
    credit_note,
    invoice,
    invoice_line,
    invoice_payment,
)
from recon.sandbox.twin.payments import charge, dispute, payment_intent
from recon.sandbox.twin.shapes import Json, listing
from recon.sandbox.twin.subscriptions import (
    customer,
    deleted_customer,
    plan,
    price,
    subscription,
    subscription_item,
)

__all__ = [
    "Json",
    "charge",
    "credit_note",
    "customer",
    "deleted_customer",
    "dispute",
    "invoice",
    "invoice_line",
    "invoice_payment",
    "listing",
    "payment_intent",
    "plan",
    "price",
    "subscription",
    "subscription_item",
]
