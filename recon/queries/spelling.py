"""One slip of the finger: which runs of letters survive it, and whether two texts differ by no more than one.

A slip is a letter that is wrong, missing or too many, or two neighbours in the wrong order.
"""

from collections.abc import Iterable, Sequence

from recon.queries.handles import grams_of

MOST_PLACES = 8


def survivors(folded: str) -> list[list[str]]:
    """Sets of runs of three letters, at most nine: whoever meant this text and slipped once has all of one set.

    For every place of the slip there is the set of the runs that do not touch it; a set that holds another adds
    nothing. None at all: the text is too short to tell.
    """
    step = max(1, -(-(len(folded) - 1) // MOST_PLACES))
    places = range(0, max(1, len(folded) - 1), step)
    sets = {frozenset(grams_of(folded[:at]) | grams_of(folded[at + step + 1 :])) for at in places}
    fewest = [one for one in sets if one and not any(other < one for other in sets if other)]
    return sorted(sorted(one) for one in fewest)


def is_one_slip_from(folded: str, words: Iterable[str]) -> bool:
    """Whether each of the text's words stands somewhere in `words`, all but one of them exactly, and that one with one
    slip."""
    where = list(words)
    slipped = [word for word in folded.split() if not any(word in text for text in where)]
    return len(slipped) <= 1 and all(any(_least_slips(word, text) <= 1 for text in where) for word in slipped)


def _least_slips(word: str, text: str) -> int:
    """The fewest slips between the word and any part of the text, two of them counted as they are."""
    before: Sequence[int] = range(len(word) + 1)
    earlier: Sequence[int] = before
    least = len(word)
    for at, letter in enumerate(text):
        row = [0]
        for place, wanted in enumerate(word, start=1):
            cost = min(before[place - 1] + (wanted != letter), before[place] + 1, row[-1] + 1)
            if at and place > 1 and wanted == text[at - 1] and word[place - 2] == letter:
                cost = min(cost, earlier[place - 2] + 1)
            row.append(cost)
        least = min(least, row[-1])
        earlier, before = before, row
    return least
