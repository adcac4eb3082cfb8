"""Crash an apply at every step of every scenario, recover, and look at all stores, Stripe, journal, audit and outbox.

`world.py` (the servers) → `scenarios.py` (what else goes wrong) → `crash.py` (a real process, a real kill -9) →
`invariants.py` (what must hold then) → `campaign.py` (all of it, counted) → `bugs.py` (proof that it would be seen).
`python -m tests.chaos` runs it at length.
"""
