"""What a story is: a name, a sentence that a person can follow, how often it occurs, and how it is played."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

Play = Callable[..., None]
"""Builds the rows: takes one `Account`, or two where the story is about two."""


class Headlines(NamedTuple):
    """Which of the three headlines an account of the story counts in."""

    stuck: bool = False
    inconsistent: bool = False
    flagged: bool = False


class HeadlineCounts(NamedTuple):
    """What the three headlines read: accounts each."""

    stuck: int
    inconsistent: int
    flagged: int


STUCK = Headlines(stuck=True)
INCONSISTENT = Headlines(inconsistent=True)
FLAGGED = Headlines(flagged=True)
STUCK_INCONSISTENT = Headlines(stuck=True, inconsistent=True)
STUCK_FLAGGED = Headlines(stuck=True, flagged=True)
INCONSISTENT_FLAGGED = Headlines(inconsistent=True, flagged=True)
ALL_THREE = Headlines(True, True, True)
NONE = Headlines()


@dataclass(frozen=True, slots=True)
class Story:
    """A story and how many times it is played among 5,000 accounts; `accounts` is how many one playing makes.

    Its name and its sentence are the playing function's name and docstring. `rules` are the rules of the contract that
    it shows. The first account of a playing is the one that counts in `headlines`.
    """

    play: Play
    count: int
    rules: tuple[str, ...] = ()
    headlines: Headlines = NONE
    accounts: int = 1

    @property
    def slug(self) -> str:
        """The story's name, such as late_webhook."""
        return self.play.__name__

    @property
    def sentence(self) -> str:
        """What happened, in a sentence that a person can follow."""
        return (self.play.__doc__ or self.slug).strip()


@dataclass(frozen=True, slots=True)
class Told:
    """The story behind one account."""

    slug: str
    sentence: str
