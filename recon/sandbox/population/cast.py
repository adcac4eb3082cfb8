"""How many times each story is played in a population of any size, and in which order.

At 5,000 accounts a story is played as often as it says. At any other size each group of stories that counts in the same
headlines keeps its share, and within a group each story is played at least once where there is room.
"""

from collections.abc import Sequence
from random import Random

from recon.sandbox.population.stories import FILLER, STORIES
from recon.sandbox.population.story import NONE, HeadlineCounts, Headlines, Story

REFERENCE_ACCOUNTS = 5_000


def cast(accounts: int, seed: int) -> list[Story]:
    """One story for each playing, shuffled by the seed; together they make exactly `accounts` accounts."""
    plays = [story for story, count in counts(accounts) for _ in range(count)]
    Random(seed).shuffle(plays)
    return plays


def counts(accounts: int) -> list[tuple[Story, int]]:
    """How many times each story is played among so many accounts."""
    if accounts < 1:
        raise ValueError(f"A population needs at least one account, not {accounts}.")
    played: list[tuple[Story, int]] = []
    for headlines, stories in _groups().items():
        if headlines != NONE:
            played += zip(stories, apportion([story.count for story in stories], accounts), strict=True)
    rest = _groups()[NONE]
    left = accounts - sum(story.accounts * count for story, count in played)
    played += _fitted(rest, left, accounts)
    return played


def headline_counts(accounts: int) -> HeadlineCounts:
    """What the three headlines read in a population of this size."""
    played = counts(accounts)
    stuck, inconsistent, flagged = (
        sum(count for story, count in played if story.headlines[n]) for n in range(len(Headlines._fields))
    )
    return HeadlineCounts(stuck, inconsistent, flagged)


def apportion(wanted: Sequence[int], accounts: int) -> list[int]:
    """Scale counts that hold at 5,000 accounts; the sum is the scaled sum, rounded, and no count is lost in it."""
    total = round(sum(wanted) * accounts / REFERENCE_ACCOUNTS)
    floor = 1 if total >= len(wanted) else 0
    exact = [count * accounts / REFERENCE_ACCOUNTS for count in wanted]
    given = [max(floor, int(share)) for share in exact]
    by_need = sorted(range(len(wanted)), key=lambda n: (given[n] - exact[n], n))
    place = 0
    while sum(given) < total:
        given[by_need[place % len(given)]] += 1
        place += 1
    while sum(given) > total:
        given[max(range(len(given)), key=lambda n: (given[n] > floor, given[n] - exact[n]))] -= 1
    return given


def _groups() -> dict[Headlines, list[Story]]:
    """Stories by the headlines that they count in."""
    groups: dict[Headlines, list[Story]] = {}
    for story in STORIES:
        groups.setdefault(story.headlines, []).append(story)
    return groups


def _fitted(stories: Sequence[Story], room: int, accounts: int) -> list[tuple[Story, int]]:
    """The stories of no headline within the room that is left; the filler takes what remains."""
    others = [story for story in stories if story is not FILLER]
    played: list[tuple[Story, int]] = []
    for story, count in zip(others, apportion([story.count for story in others], accounts), strict=True):
        fits = min(count, room // story.accounts)
        room -= fits * story.accounts
        played.append((story, fits))
    return [*played, (FILLER, max(0, room))]
