"""What came of replaying or ignoring what was ticked, as a sentence."""

from collections.abc import Mapping
from typing import Final

from inspector.display.words import number_words
from recon.actions.settle_ticked import Deed, Outcome

_DONE: Final[Mapping[Deed, str]] = {
    Deed.REPLAY: "replayed: a worker takes it up now",
    Deed.IGNORE: "ignored: it comes back when something new happens",
}
_DONE_MANY: Final[Mapping[Deed, str]] = {
    Deed.REPLAY: "replayed: workers take them up now",
    Deed.IGNORE: "ignored: each comes back when something new happens to it",
}


def outcome_words(outcome: Outcome, deed: Deed) -> str:
    """`3 replayed: workers take them up now. 1 was left: Its evaluation does not fail any more.`"""
    done = (_DONE if outcome.done == 1 else _DONE_MANY)[deed]
    said = [f"{number_words(outcome.done)} {done}."] if outcome.done else []
    said += [f"{number_words(number)} left as {_it(number)}: {sentence}" for sentence, number in outcome.others]
    return " ".join(said)


def _it(number: int) -> str:
    return "it was" if number == 1 else "they were"
