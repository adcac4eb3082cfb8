"""The keys that do something on a page, as people read them: the same that static/js/keys.js listens to."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Key:
    """`names` as they stand on a keyboard, of which each does its own part of what is `done`."""

    names: tuple[str, ...]
    done: str


KEYS: Final = (
    Key(("/",), "Search"),
    Key(("j", "k"), "Next row, row before: of the matrix, or of a list"),
    Key(("Enter",), "Open the row: what its store says, or the account"),
    Key(("x",), "Tick the row, or take the tick back"),
    Key(("r",), "Re-read the account from all stores"),
    Key(("d",), "Show differences only, or all rows again"),
    Key(("a",), "To the reason of the plan, and from there to its button"),
    Key(("Esc",), "Leave the field, so that the keys work again"),
    Key(("?",), "This list"),
)
