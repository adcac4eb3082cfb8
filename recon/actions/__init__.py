"""What you can do, one verb a file. Every write of ours happens here or in `apply`, in one transaction with its events.

Read `recompute.py` first (one account, live), then `sweep.py` (all of them), then `approve.py` and `carry_out.py`.
"""
