"""Every story, by theme. Read `suspended.py` first: it is what the engine was built for.

`healthy` and `owing` agree with the truth; `suspended`, `decisions`, `halfway`, `never_paid` and `lagging` have
drifted; `cases` are for a person. A story is a function whose docstring is its sentence.
"""

from recon.sandbox.population.stories import (
    cases,
    decisions,
    halfway,
    healthy,
    lagging,
    never_paid,
    owing,
    suspended,
)
from recon.sandbox.population.story import Story

STORIES: tuple[Story, ...] = (
    *healthy.STORIES,
    *owing.STORIES,
    *suspended.STORIES,
    *decisions.STORIES,
    *halfway.STORIES,
    *never_paid.STORIES,
    *lagging.STORIES,
    *cases.STORIES,
)
FILLER: Story = healthy.STORIES[0]
"""The story that takes whatever place the others leave."""
