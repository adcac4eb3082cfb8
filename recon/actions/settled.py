"""What comes of settling by hand something that failed: it was done, or why it was not."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Settled:
    """Whether anything changed; if not, why: a word for programs and a sentence for people."""

    done: bool
    code: str = ""
    sentence: str = ""


DONE: Final = Settled(True)
MAY_NOT_REPLAY: Final = Settled(False, "forbidden", "Your role may not replay what failed.")
MAY_NOT_IGNORE: Final = Settled(False, "forbidden", "Your role may not ignore what failed.")
