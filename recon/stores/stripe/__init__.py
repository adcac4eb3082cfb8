"""Stripe: read by lists, live or page by page for the mirror; changed by calls with idempotency keys.

Read in this order: `client.py` (pinned version, time-outs, retries of a GET) → `reader.py` (one account, live) →
`lists.py` (whole lists) → `calls.py` (the five verbs) → `errors.py` (what an answer means) → `store.py` (all of it as a
Store). Objects are Stripe's own JSON in whatever shape it came: the engine reads both.
"""

from recon.stores.stripe.client import API_VERSION, Patience, StripeApi
from recon.stores.stripe.store import StripeStore

__all__ = ["API_VERSION", "Patience", "StripeApi", "StripeStore"]
