"""All six stores in a box: PostgreSQL and Valkey from wheels, a Stripe twin over HTTP, a seeded population.

Read `cluster.py` first (what runs, and the environment it gives to everything else), then `postgres.py`, `valkey.py`
and `processes.py` (how a server starts, survives a crash and stops), `provision.py` with `schema/` (databases, roles,
tables, grants), `twin/` (Stripe) and `population/` (5,000 accounts with their stories). Nothing but the demo, the
embedded default of the commands and the tests imports it.
"""
