"""What a person's deed on a bulk repair came to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BulkDone:
    """Done when `code` is empty; else a word for programs (forbidden, state, paused) and a sentence for people."""

    code: str = ""
    sentence: str = ""


DONE = BulkDone()
