"""Crash an apply at every step of every scenario, recover, and look at all stores, Stripe, journal, audit and outbox.

`world.py` (the servers) → `scenarios.py` (what else goes wrong) → `crash.py` (a real process, a real kill -9) →
`invariants.py` (what must hold then) → `campaign.py` (all of it, counted) → `bugs.py` (proof that it would be seen).
`python -m tests.chaos` runs it at length.

And the same of the intake, by all of the product's processes at once: `fleet.py` (what runs, in a hurry: `hurry.py`) →
`outside.py` (facts change) → `sender.py` (events of it) → `nemesis.py` (who kills) → `storm.py` (all of it at once) →
`settled.py` (what must hold at rest) → `intake_bugs.py` (proof that it would be seen). `python -m tests.chaos.events`
runs it at length; `python -m tests.chaos.flood` counts what 10,000 shuffled events cost.

And of several hosts, one of which vanishes from the network while it applies: `network.py` (namespaces on one wire) →
`hosts.py` (what runs where) → `halting.py` (a worker that says where it stands) → `cut_off_rounds.py` (one round, and
what must hold after it). `python -m tests.chaos.cut_off` runs it at length.
"""
