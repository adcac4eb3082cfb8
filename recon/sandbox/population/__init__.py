"""The seeded population: accounts whose six stores tell stories, healthy ones among them.

Read `stories/suspended.py` for what a story looks like, then `account.py`, `billing.py`, `adjustments.py` (what can
happen to an account), `stored.py` (what the jobs of the past left behind), `cast.py` (how many of each), `playbook.py`
(the population as values) and `load.py` (into five databases and Stripe's twin).
"""

from recon.sandbox.population.load import SeedReport, seed
from recon.sandbox.population.playbook import generate, story_of, told
from recon.sandbox.population.rows import Episode
from recon.sandbox.population.story import Told

__all__ = ["Episode", "SeedReport", "Told", "generate", "seed", "story_of", "told"]
