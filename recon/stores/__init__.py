"""The outside: six stores, read as facts and written by plans.

Read `base.py` (what a store can do), `postgres.py` (how the five databases do it), then one file per store.
"""
