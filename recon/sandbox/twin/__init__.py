"""The Stripe twin: a small stateful HTTP server that answers as Stripe does for what the engine reads and writes.

Read in this order: `objects.py` (complete objects of the pinned API version) → `state.py` (what the twin knows, in
PostgreSQL; `load` and `reset`) → `lists.py` and `changes.py` (reading and changing) → `routes.py` (paths to
functions) → `idempotency.py` and `faults.py` (what surrounds a request) → `server.py` (HTTP) → `webhooks.py` (events
going out).

Started as `python -m recon.sandbox.twin --port P` with STRIPE_TWIN_DATABASE_URL and STRIPE_API_KEY in the environment.
"""
