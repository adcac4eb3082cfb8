"""All or none: a presumed-abort two-phase commit over the stores that a plan touches, with one durable record of it.

Read `coordinator.py` (lock, re-read, same digest?, prepare all, decide), `settle.py` (finish what was decided; recovery
runs the same code), `recovery.py` (what a crash left), `journal.py` (every durable step, fenced by the epoch).

The commit point is one ordinary commit of one row of ours. Before it nothing is visible in any store; after it
everything is only ever pushed forward.
"""
